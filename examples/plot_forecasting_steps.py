"""
Twelve steps ahead: at once, or one by one
==========================================

A net can forecast twelve months at once, each of them directly. Or it forecasts one
month, reads its own forecast as if it had happened, and goes on from there.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMRegressor, make_windows
from sklstm.datasets import make_seasonal

# %%
# What comes out is what goes in: growth over the same month of the year before, as a
# logarithm. So a forecast can become the last step of the next window. When walking
# forward, the gap keeps targets that overlap with tested ones out of training.
sales = make_seasonal(360, random_state=0)
growth = np.log(sales[12:] / sales[:-12])
windows, targets, times = make_windows(growth, n_steps=12, horizon=12)
X = windows[..., 0]  # one channel: rows that any regressor of scikit-learn reads


def forecast(model, at_once):
    """Walk forward over the last 120 rows, ``at_once`` months in a step."""
    years = []
    walk = TimeSeriesSplit(5, test_size=24, gap=at_once - 1)
    for past, future in walk.split(X):
        model.fit(X[past], targets[past, :at_once])
        rows = X[future]
        for _ in range(0, 12, at_once):  # windows move on over what was forecast
            ahead = model.predict(rows[:, -12:]).reshape(-1, at_once)
            rows = np.column_stack([rows, ahead])
        years.append(rows[:, -12:])
    return np.concatenate(years)


# %%
# For this series it pays to go month by month, with an LSTM and with ridge regression;
# for the airline's passengers it makes no difference. In the last months the direct
# LSTM is worse than the year before repeated.
months = times[-120:] + 12  # those forecast, (120, 12)
last_year, truth = sales[months - 12], sales[months]
errors = pd.DataFrame({"same month last year": np.abs(last_year - truth).mean(axis=0)})
for model in (LSTMRegressor(max_epochs=15, random_state=0), RidgeCV()):
    pipe = make_pipeline(StandardScaler(), model)
    for way, at_once in {"direct": 12, "recursive": 1}.items():
        year = last_year * np.exp(forecast(pipe, at_once))
        errors[f"{type(model).__name__}, {way}"] = np.abs(year - truth).mean(axis=0)
print(errors.mean().round(1).to_string())
errors.index += 1
ax = errors.plot(style=["C1:", "C0--", "C0", "C2--", "C2"], ylim=(0, None))
ax.set(xlabel="months ahead", ylabel="mean absolute error (sales: 200 to 500)")
plt.show()
