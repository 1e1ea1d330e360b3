"""
Airline passengers: the whole next year
=======================================

Directly, by a net of twelve outputs; or recursively, by one that reads its forecasts.
The data is looked for in ``../shared/data``, or where the variable SKLSTM_DATA says.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklstm

data = Path(sklstm.__file__).parents[2] / "shared" / "data"
path = Path(os.environ.get("SKLSTM_DATA", data)) / "timeseries" / "Airline.csv"
if not path.exists():
    print(f"This example needs data that is not there: {path}")
    raise SystemExit

# %%
# In go the last 24 changes of yearly growth; sums of those that follow, which say where
# it will be, come out. The gap keeps targets that overlap with tested ones away.
passengers = np.loadtxt(path, delimiter=",", skiprows=1, usecols=1)
growth = np.log(passengers[12:] / passengers[:-12])
windows, changes, times = sklstm.make_windows(np.diff(growth), n_steps=24, horizon=12)
months = times[-48:] + 13  # those forecast, (48, 12)
last_year = passengers[months - 12]
growth_kept = last_year * np.exp(growth[months[:, :1] - 13])
years = {"same month last year": last_year, "last growth kept": growth_kept}
for name, at_once in {"LSTM, recursive": 1, "LSTM, direct": 12}.items():
    net = sklstm.LSTMRegressor(max_epochs=15, random_state=0)
    model, sums = make_pipeline(StandardScaler(), net), []
    walk = TimeSeriesSplit(4, test_size=12, gap=at_once - 1)
    for past, future in walk.split(windows):
        model.fit(windows[past, :, 0], changes[past, :at_once].cumsum(axis=1))
        rows = windows[future, :, 0]
        for _ in range(0, 12, at_once):  # windows move on over what was forecast
            ahead = np.diff(model.predict(rows[:, -24:]), prepend=0)
            rows = np.column_stack([rows, ahead])
        sums.append(rows[:, -12:].cumsum(axis=1))
    years[name] = growth_kept * np.exp(np.concatenate(sums))

# %%
# The LSTM beats the year before, either way. But 144 months are few: neither way beats
# the last growth by more than another random state would change.
ax = plt.figure(figsize=(9, 4), layout="constrained").gca()
for (name, year), style in zip(years.items(), ("C1:", "C2:", "C0:", "C0"), strict=True):
    label = f"{name}, off by {np.abs(year - passengers[months]).mean():.1f}"
    print(label)
    ax.plot(months[11::12].ravel(), year[11::12].ravel(), style, label=label)
ax.plot(range(96, 144), passengers[96:], "k.", label="truth")
ax.set(xticks=range(96, 144, 12), xticklabels=range(1957, 1961), ylabel="thousands")
ax.legend()
plt.show()
