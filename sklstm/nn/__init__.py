"""Networks of tensors: modules, batches, training. No scikit-learn estimator here."""
