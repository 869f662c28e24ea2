"""Run several jobs at a time, and say which of them has ended."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import psutil

from aelib.threads import usable_cores


def side_by_side(jobs):
    """Start functions in order, as many at a time as there are cores to use.

    Args:
        jobs: by name; each takes nothing and returns how it went, as lines to print, and its
            result.

    Returns:
        The results, by name in the order of `jobs`.

    Raises:
        SystemExit: a person has stopped it, or who ends this process; by then every process that a
            job had started has been ended.
    """
    stopped, results, futures = threading.Event(), {}, []

    def run(place, name):
        print(f"{place} {name}: started", flush=True)
        start = time.monotonic()
        words, result = jobs[name]()
        if not stopped.is_set():
            results[name] = result
            first, *others = words.splitlines()
            took = time.monotonic() - start
            print("\n".join([f"{place} {name}: {first}, {took:.0f} s", *others]), flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pool = ThreadPoolExecutor(usable_cores())
    try:
        for number, name in enumerate(jobs, 1):
            futures.append(pool.submit(run, f"[{number}/{len(jobs)}]", name))
        while wait(futures, timeout=0.5).not_done:  # Windows delivers no signal meanwhile.
            pass
        for future in futures:
            future.result()
        return {name: results[name] for name in jobs}
    except KeyboardInterrupt:
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in futures):
            for process in psutil.Process().children(recursive=True):
                process.kill()
            time.sleep(0.2)  # Some kernel may just have been on its way.
        ended = ", ".join(name for name in jobs if name in results)
        print(f"Stopped by hand. Finished before: {ended or 'nothing'}.")
        raise SystemExit(130) from None
