from __future__ import annotations

import pytest
import torch

from engine.device import one_thread, open_device
from engine.errors import RecipeError


def test_the_processor_is_always_there() -> None:
    assert open_device("cpu") == torch.device("cpu")


def test_auto_takes_the_gpu_where_there_is_one() -> None:
    assert open_device().type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("wish", ["abacus", "meta", "mps", "cuda:99", ""])
def test_a_device_that_is_not_there_is_refused_with_what_to_use(wish: str) -> None:
    with pytest.raises(RecipeError, match=r"Use .*auto.*cpu"):
        open_device(wish)


def test_no_shortened_mantissa_makes_two_machines_differ() -> None:
    open_device()
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_one_thread_and_then_as_many_as_before_whatever_happens() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RecipeError), one_thread():
        assert torch.get_num_threads() == 1
        raise RecipeError
    assert torch.get_num_threads() == before
