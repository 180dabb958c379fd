"""How clang compiles our files: the presets `tidy` (each source by itself) and `tidy-together` (sixteen as one)."""

import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = os.cpu_count()


def configure(preset):
    """The commands of a preset that has just been configured: {file, directory, arguments}, without `-o` and `-c`."""
    done = subprocess.run(["cmake", "--preset", preset], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    commands = []
    for entry in json.loads((ROOT / "build" / preset / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        words = words[next(i for i, word in enumerate(words) if word.endswith("clang++")):]
        output = words.index("-o")
        del words[output:output + 2]
        words.remove("-c")
        commands.append({"file": pathlib.Path(entry["file"]), "directory": entry["directory"], "arguments": words})
    return commands


class Progress:
    """A line for each file, so that a long step shows how far it is."""

    def __init__(self, total):
        self.total, self.finished = total, 0

    def step(self):
        self.finished += 1
        print(f"{self.finished} of {self.total} files", flush=True)
