"""On what, and beside what, a run of the benchmark was made."""

import os
import platform
from pathlib import Path

import torch

from aelib.threads import usable_cores
from aelib.training import pick_device
from benchmarks import allocator

#: Instructions that decide how fast the arithmetic is, as Linux names them.
INSTRUCTIONS = (
    *("avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni"),
    *("avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "asimd", "asimdhp", "bf16", "sve"),
)
#: What another choice of instructions or threads would be made by.
VARIABLES = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def describe():
    """What a reader has to know of machine, program and settings to compare another run."""
    chip = processor()
    return {
        "machine": f"{chip['name']}, {usable_cores()} cores, torch {torch.__version__}",
        "device": str(pick_device()),
        "processor": chip,
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "allocator": allocator.settings(),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def processor():
    """Name, family, model and instructions of the processor; the name tells of family and model.

    Many processors share a name such as "AMD EPYC".
    """
    try:
        block = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return {"name": platform.processor() or platform.machine(), "instructions": []}
    lines = [line.partition(":") for line in block.splitlines()]
    fields = {key.strip(): value.strip() for key, _, value in lines}
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    family, model = fields.get("cpu family"), fields.get("model")
    name = fields.get("model name") or platform.machine()
    return {
        "name": f"{name} (family {family}, model {model})" if family else name,
        "vendor": fields.get("vendor_id"),
        "family": family,
        "model": model,
        "instructions": [name for name in INSTRUCTIONS if name in flags],
    }


def load():
    """How many processes wanted to run, on average over the last 1, 5 and 15 minutes."""
    return list(os.getloadavg())
