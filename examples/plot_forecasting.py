"""
Forecasting a step ahead
========================

A forecast is a regression: the last twelve months in, the next one out. The series is
generated: it grows, has a season, and ups and downs that never repeat.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, make_windows
from sklstm.datasets import make_seasonal

# %%
# Divided by the same month of the year before, the season is gone; growth is left.
months = pd.date_range("1996-01", periods=360, freq="MS")
sales = pd.Series(make_seasonal(360, random_state=0), months)
last_year = sales.shift(12)
growth = (sales / last_year).dropna()
windows, targets, times = make_windows(growth, n_steps=12)
X = windows[..., 0]  # one channel: rows that any regressor of scikit-learn reads

# %%
# Walking forward: five times, train on the past and forecast the two years after it.
# Models see logarithms of windows and targets, and scaled windows; without the scaling
# the error of the LSTM is about half as large again.
parts = list(TimeSeriesSplit(5, test_size=24).split(X))
tested = times[np.concatenate([future for _, future in parts])]
forecasts = pd.DataFrame({"same month last year": last_year[tested]})
forecasts["last growth again"] = last_year[tested] * growth.shift()[tested]
for name, last in {"ridge": RidgeCV(), "LSTM": LSTMRegressor(random_state=0)}.items():
    pipe = make_pipeline(FunctionTransformer(np.log), StandardScaler(), last)
    model = TransformedTargetRegressor(pipe, func=np.log, inverse_func=np.exp)
    predicted = [model.fit(X[a], targets[a]).predict(X[b]) for a, b in parts]
    forecasts[name] = last_year[tested] * np.concatenate(predicted)
errors = forecasts.sub(sales[tested], axis=0).abs().mean()
print(errors.rename("mean absolute error").round(1))

# %%
# Both naive forecasts are beaten. But this series is linear in its logarithms, and
# ridge regression on the same windows is better still: try it first.
_, ax = plt.subplots(figsize=(9, 4), layout="constrained")
sales[tested].plot(ax=ax, color="black", linewidth=4, alpha=0.3, label="truth")
for name, style in {"same month last year": "C1:", "LSTM": "C0-"}.items():
    label = f"{name}, off by {errors[name]:.1f}"
    forecasts[name].plot(ax=ax, style=style, label=label)
ax.set(ylabel="sales", ylim=(100, None), xlabel="each month forecast from those before")
ax.legend(loc="lower right", ncols=3)
plt.show()
