"""The judge: how far to believe a level model, on floods that it has never seen.

`events` finds the floods, `splits` holds them out, `hindcasts` trains and forecasts, `outages`
takes inputs away; `pairs` sets forecasts beside what came true; `levels`, `alarms` and
`probabilities` score the pairs, `judge` puts them into one table. Nothing here draws or writes.
"""
