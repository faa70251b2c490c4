import signal

import numpy as np
import pytest

from napari_labelfix.errors import InputError, TrainingError
from napari_labelfix.trainer.reasons import explain, explain_exit


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


def memory_error_of_numpy() -> MemoryError:
    with pytest.raises(MemoryError) as caught:
        np.empty(2**60, np.uint8)
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        memory_error_of_numpy(),
        OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: you"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried to"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=["python", "numpy", "cuda", "torch on the processor", "mps", "windows", "cublas"],
)
def test_memory_that_ran_out_is_told_with_what_to_do(error):
    assert explain(error) == (
        "The training ran out of memory, with small crops and tiles, too. Your annotations are unchanged. Choose a "
        "smaller encoder, fewer or smaller images, or the device 'cpu', and run again."
    )


@pytest.mark.parametrize("error", [InputError("a is blank. Draw."), TrainingError("It broke. Run again.", "details")])
def test_our_own_sentences_stay_as_they_are(error):
    assert explain(error) == str(error)


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (RuntimeError("shapes differ.\nmore"), "because of an error: shapes differ. Your"),
        (RuntimeError(), "because of an error: RuntimeError. Your"),
        (KeyError("x"), "because of an error: KeyError: 'x'. Your"),
        (ImportError("No module named 'timm'"), "does not load (No module named 'timm'). Run 'napari-labelfix doctor'"),
    ],
)
def test_other_errors_are_told_in_one_line(error, part):
    assert part in explain(error)
    assert "\n" not in explain(error)


@pytest.mark.parametrize(
    ("status", "part"),
    [
        (-9, "ended by the system (signal 9), most likely because memory ran out."),
        (-signal.SIGSEGV, "crashed (signal 11, SIGSEGV)."),
        (-250, "crashed (signal 250)."),
        (3, "ended unexpectedly (exit code 3)."),
    ],
)
def test_a_process_that_ended_by_itself_is_told_by_its_exit_status(status, part):
    assert part in explain_exit(status)
    assert "Your annotations are unchanged." in explain_exit(status)
