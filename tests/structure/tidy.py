"""clang-tidy over src/, in parallel. A file that passed is not looked at again until it, or a header it uses, changes."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/tidy"


def configure():
    subprocess.run(["cmake", "--preset", "tidy"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    return [c for c in commands if c["file"].startswith(str(ROOT / "src"))]


def fingerprint(command):
    """A digest of everything the compiler sees of this file, comments included: NOLINT is one."""
    arguments = shlex.split(command["command"])
    arguments = arguments[arguments.index(next(a for a in arguments if a.endswith("clang++"))):]
    output = arguments.index("-o")
    del arguments[output:output + 2]
    arguments.remove("-c")
    seen = subprocess.run(arguments + ["-E", "-P", "-C"], cwd=command["directory"], capture_output=True, check=False)
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + seen.stdout)
    return digest.hexdigest() if seen.returncode == 0 else None


def look_at(command):
    """The complaints about one file: '' for none."""
    digest = fingerprint(command)
    mark = BUILD / "passed" / str(digest)
    if digest and mark.exists():
        return ""
    done = subprocess.run(["clang-tidy", "-p", BUILD, "--quiet", command["file"]], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        if digest:
            mark.touch()
        return ""
    return done.stdout + done.stderr


def main():
    commands = configure()
    (BUILD / "passed").mkdir(exist_ok=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for command, complaints in zip(commands, pool.map(look_at, commands)):
            if complaints:
                bad += 1
                print(complaints)
    print(f"clang-tidy: {len(commands)} files, {bad} with complaints")
    return 1 if bad or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
