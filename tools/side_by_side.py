"""Run several jobs at a time, and say which of them is how far."""

import asyncio
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait

from joblib import cpu_count


class Job:
    """Something that is under way. What runs it writes `state`, and `progress` shows it."""

    def __init__(self, name, progress):
        self.name, self.progress = name, progress
        self.state, self.start = "starting", time.monotonic()

    @property
    def seconds(self):
        """For how long it has been running."""
        return time.monotonic() - self.start

    def say(self, state, *lines):
        """Print a state, and lines below it, to stay."""
        self.progress.show(f"{self.name}: {state}", *lines)


class Progress:
    """What is under way. In a terminal each job has a line, redrawn every second, below all that
    has been said; in a log it has a new line every half minute.
    """

    def __init__(self):
        self.live = sys.stdout.isatty()
        self.jobs, self.drawn = [], 0

    async def keep_showing(self):
        """Show it until cancelled."""
        while True:
            await asyncio.sleep(1 if self.live else 30)
            self.show(*([] if self.live else self.lines()))

    def lines(self):
        """A line for each job under way."""
        return [f"{job.name}: {job.state}, {job.seconds:.0f} s" for job in self.jobs]

    def show(self, *said):
        """Print what is said, to stay, and what is under way."""
        text = "".join(f"{line}\n" for line in said)
        if self.live:  # Back over what is under way, and clear it.
            columns, rows = shutil.get_terminal_size()
            under_way = [line[: columns - 1] for line in self.lines()[: rows - 1]]
            back = f"\x1b[{self.drawn}A" if self.drawn else ""
            text = f"{back}\r\x1b[J{text}" + "".join(f"{line}\n" for line in under_way)
            self.drawn = len(under_way)
        print(text, end="", flush=True)


def side_by_side(functions, finished):
    """Start async functions in order, as many at a time as there are cores to use.

    Args:
        functions: by name; each is called with its `Job`.
        finished: a dict that gets what each function returns, by name, as it returns.

    Raises:
        KeyboardInterrupt: from a person; by then all that was under way has been ended.
    """
    waiting = [(f"[{number}/{len(functions)}] ", name) for number, name in enumerate(functions, 1)]
    progress = Progress()
    main_task = None

    async def work():
        while waiting:
            number, name = waiting.pop(0)
            job = Job(number + name, progress)
            progress.jobs.append(job)
            if not progress.live:
                job.say(job.state)
            try:
                finished[name] = await functions[name](job)
            except asyncio.CancelledError:
                job.state = "stopped"
                raise
            finally:
                progress.jobs.remove(job)
                job.say(f"{job.state}, {job.seconds:.0f} s")

    async def main():
        nonlocal main_task
        main_task = asyncio.current_task()
        showing = asyncio.create_task(progress.keep_showing())
        async with asyncio.TaskGroup() as group:
            for _ in range(min(cpu_count(), len(functions))):
                group.create_task(work())
        showing.cancel()

    # In another thread than the main one, whose signals nbclient would take for itself.
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(asyncio.run, main())
        try:
            while wait([future], timeout=0.5).not_done:  # Windows delivers no signal meanwhile.
                pass
        except KeyboardInterrupt:
            main_task.get_loop().call_soon_threadsafe(main_task.cancel)
            raise
        future.result()
