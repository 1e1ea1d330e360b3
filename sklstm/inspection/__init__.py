"""Looks into scikit-learn pipelines: data flow, training, single predictions."""

from sklstm.inspection._pipeline_trace import PipelineTrace
from sklstm.inspection._prediction_trace import PredictionTrace
from sklstm.inspection._trace import Trace, trace
from sklstm.inspection._training_trace import TrainingTrace
from sklstm.inspection._worst import worst_predictions

__all__ = [
    "PipelineTrace",
    "PredictionTrace",
    "Trace",
    "TrainingTrace",
    "trace",
    "worst_predictions",
]
