"""Looks into scikit-learn pipelines: data flow, training, single predictions."""

from sklstm.inspection._pipeline_trace import PipelineTrace
from sklstm.inspection._prediction_trace import PredictionTrace, worst_predictions
from sklstm.inspection._trace import Trace, trace
from sklstm.inspection._training_trace import TrainingTrace

__all__ = [
    "PipelineTrace",
    "PredictionTrace",
    "Trace",
    "TrainingTrace",
    "trace",
    "worst_predictions",
]
