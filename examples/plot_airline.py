"""
Airline passengers: until the series stands still
=================================================

A net learns what comes again, and while a series grows, little does. So take logarithms
and differences first, until a test calls what is left stationary. The data is looked
for in ``../shared/data``, or where the environment variable SKLSTM_DATA says.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.tsa.stattools import adfuller

import sklstm

data = Path(sklstm.__file__).parents[2] / "shared" / "data"
path = Path(os.environ.get("SKLSTM_DATA", data)) / "timeseries" / "Airline.csv"
if not path.exists():
    print(f"This example needs data that is not there: {path}")
    raise SystemExit

# %%
# Where p is large, the augmented Dickey-Fuller test takes a series for a random walk.
passengers = pd.read_csv(path, index_col="Date", parse_dates=True)["Passengers"]
logs = np.log(passengers)
stages = {"passengers (thousands)": passengers, "log growth in a year": logs.diff(12)}
stages["its change in a month"] = change = logs.diff(12).diff()
panels = plt.figure(figsize=(10, 6), layout="constrained").subplot_mosaic("012;333")
for panel, (name, stage) in zip("012", stages.items(), strict=True):
    p = adfuller(stage.dropna(), result_object=True).pvalue
    print(f"{name:22}  p = {p:.4f}")
    panels[panel].plot(stage)
    panels[panel].set_title(f"{name}\np = {p:.4f}")

# %%
# Walking forward: four times, train on the past and forecast each month of the next
# year from the 24 before it. By mean absolute error all models beat the year before by
# far; but 144 months are few. The LSTM only equals the last growth, ridge is better.
windows, targets, times = sklstm.make_windows(change.dropna(), n_steps=24)
X, parts = windows[..., 0], list(TimeSeriesSplit(4, test_size=12).split(windows))
tested = times[np.concatenate([future for _, future in parts])]
known = (logs - change)[tested]  # the forecast of no change
forecasts = pd.DataFrame({"same month last year": passengers.shift(12)[tested]})
forecasts["last growth again"] = np.exp(known)
for model in (RidgeCV(), sklstm.LSTMRegressor(max_epochs=15, random_state=0)):
    pipe = make_pipeline(StandardScaler(), model)
    predicted = [pipe.fit(X[a], targets[a]).predict(X[b]) for a, b in parts]
    forecasts[type(model).__name__] = np.exp(known + np.concatenate(predicted))
print(forecasts.sub(passengers[tested], axis=0).abs().mean().round(1).to_string())
shown = forecasts[["same month last year", "LSTMRegressor"]].assign(truth=passengers)
shown.plot(ax=panels["3"], style=["C1:", "C0-", "k."], ylabel="thousands", xlabel="")
plt.show()
