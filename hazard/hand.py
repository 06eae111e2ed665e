"""Height above nearest drainage (HAND): how high the land stands over the stream it drains to.

Land at most as high over its stream as the stream has risen is wet [1]_. On a wide plain that
falls more down the valley than towards the river, the way of the water meets the river far
downstream, and HAND overstates the height; `hazard.stream` measures over the nearest place instead.

References
----------
.. [1] Nobre et al.: Height Above the Nearest Drainage, J. Hydrol. 404, 2011.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from hazard.drainage import Cells, Mask, flow_receivers, follow, stream_mask
from hazard.terrain import Terrain


def drainage_cells(receiver: Cells, stream: Mask) -> Cells:
    """Give the first stream cell on the way of the water from each cell, -1 = none.

    A stream cell gives itself. `stream` has dims (row, column).
    """
    numbers = np.arange(receiver.size)
    on_stream = stream.ravel()
    end = follow(np.where(on_stream, numbers, receiver))
    return np.where(on_stream[end], end, -1)


def height_above_drainage(
    terrain: Terrain, stream: Mask | None = None, *, min_cells: int = 1000
) -> xr.DataArray:
    """Give HAND of every cell.

    Parameters
    ----------
    terrain
        Heights, dims (y, x). [m above T.P.]
    stream
        Cells of known rivers, dims (y, x); None finds streams in the terrain.
    min_cells
        Land that makes a stream where `stream` is None. [cells]

    Returns
    -------
        Dims (y, x). NaN where there is no land or the water leaves the map beside any stream;
        below 0 in hollows lower than their stream. [m]
    """
    receiver = flow_receivers(terrain.values, stream)
    shape = (terrain.sizes["y"], terrain.sizes["x"])
    found = stream_mask(receiver, shape, min_cells) if stream is None else stream
    drain = drainage_cells(receiver, found)
    height = terrain.values.ravel()
    hand = np.where(drain >= 0, height - height[drain], np.nan).reshape(shape)
    return terrain.copy(data=hand.astype(np.float32)).rename("hand_m")
