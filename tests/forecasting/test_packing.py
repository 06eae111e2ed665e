"""States as files: exact, repeatable, free of pickle."""

from __future__ import annotations

import math
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from forecasting.packing import ARRAYS, TREE, pack, unpack
from forecasting.state import BoosterText

STATE = {
    "depth": 3,
    "name": "川",
    "none": None,
    "floats": [0.1, -0.0, math.inf, math.nan],
    "nested": {"weights": np.array([[0.1, np.nan]]), "booster": BoosterText("tree\n")},
    "many": [{"w": np.arange(3, dtype="int8")}, {"w": np.array(["a", "β"])}],
    "empty": np.empty((0, 2)),
}


def test_what_is_packed_comes_back_the_same():
    back = unpack(pack(STATE))
    assert (back["depth"], back["name"], back["none"]) == (3, "川", None)
    assert repr(back["floats"]) == repr(STATE["floats"])
    assert back["nested"]["weights"].tobytes() == STATE["nested"]["weights"].tobytes()
    assert back["nested"]["booster"] == "tree\n"
    assert isinstance(back["nested"]["booster"], BoosterText)
    assert back["many"][0]["w"].dtype == np.int8
    assert back["many"][1]["w"].tolist() == ["a", "β"]
    assert back["empty"].shape == (0, 2)


def test_the_same_state_gives_the_same_bytes_whatever_the_order_of_its_keys():
    turned = dict(reversed(STATE.items()))
    assert pack(turned) == pack(STATE)
    assert pack(unpack(pack(STATE))) == pack(STATE)


def test_twelve_and_more_arrays_keep_their_order():
    # As text "10" sorts before "9".
    state = {"many": [np.array([number]) for number in range(12)]}
    assert [int(one[0]) for one in unpack(pack(state))["many"]] == list(range(12))


def test_the_tree_is_json_without_blanks_and_the_arrays_carry_no_time():
    files = pack({"b": 1, "a": "x"})
    assert files[TREE] == b'{"a":"x","b":1}\n'
    assert set(files) == {TREE, ARRAYS}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": {"b": object()}}, r"got object at state\.a\.b"),
        ({"a": [np.float64(1)]}, r"got float64 at state\.a\[0\]"),
        ({"a": np.array([object()])}, r"got objects at state\.a"),
        ({"$array": 1}, r"without \$, got \['\$array'\]"),
        ({1: 2}, r"keys of a state must be text"),
    ],
)
def test_what_no_state_may_hold_is_refused_with_its_place(state, message):
    with pytest.raises(ValueError, match=message):
        pack(state)


def test_pickled_arrays_are_never_read():
    buffer = BytesIO()
    with ZipFile(buffer, "w") as folder, folder.open("000000.npy", "w") as entry:
        np.lib.format.write_array(entry, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        unpack({**pack({"a": np.array([1])}), ARRAYS: buffer.getvalue()})
