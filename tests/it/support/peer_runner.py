"""Answers for the peer's command lines without paying for its start each time.

Starting the peer takes 0.4 s, nearly all of it imports. This process imports once and forks for each
job: a job begins with a fresh copy of the freshly imported peer, its own directory and its own
environment, and what it changes goes away with it.

A request is one line, {"jobs": [{"module", "argv", "cwd", "env"}, ...]}; the jobs of one request run
at the same time. The answer is one line, {"answers": [{"code", "stdout", "stderr"}, ...]}, in the
order of the jobs. The process ends with its input.
"""

import gc
import importlib
import json
import os
import pkgutil
import sys
import traceback


def import_peer():
    """Imports what verbs import on their way; a module that wants more than is installed stays out."""
    import dos

    for module in pkgutil.walk_packages(dos.__path__, "dos."):
        if module.name.endswith(("_tui", "__main__")) or ".drivers." in module.name:
            continue
        try:
            importlib.import_module(module.name)
        except Exception:
            continue


def exit_code(entry, argv):
    """Runs a command's entry point as the interpreter would, down to how it ends."""
    try:
        code = entry(argv)
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
        return 1
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def child(job, output, errors):
    """The job's own process; it never returns."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.argv = ["dos", *job["argv"]]
    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    code = exit_code(importlib.import_module(job["module"]).main, job["argv"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def start(job):
    files = os.memfd_create("stdout"), os.memfd_create("stderr")
    pid = os.fork()
    if pid == 0:
        try:
            child(job, *files)
        finally:
            os._exit(1)
    return pid, files


def finish(pid, files):
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    texts = []
    for file in files:
        with os.fdopen(file, "rb") as written:
            written.seek(0)
            texts.append(written.read().decode("utf-8", errors="replace"))
    return {"code": code, "stdout": texts[0], "stderr": texts[1]}


def main():
    import_peer()
    # What was imported is shared with every child; the collector should not copy it page by page.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        started = [start(job) for job in json.loads(line)["jobs"]]
        answers = [finish(pid, files) for pid, files in started]
        print(json.dumps({"answers": answers}), flush=True)


if __name__ == "__main__":
    main()
