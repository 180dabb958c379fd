"""clang-tidy over all of src/. It sees sixteen sources as one, since most of the time goes into their headers.
A group that passed is skipped until a file in it, or a header it uses, changes."""

import concurrent.futures
import hashlib
import subprocess
import sys

from compile_commands import JOBS, ROOT, Progress, configure

PRESET = "tidy-together"
BUILD = ROOT / "build" / PRESET


def fingerprint(command):
    """A digest of everything the compiler sees of this file, comments included: NOLINT is one."""
    seen = subprocess.run([*command["arguments"], "-E", "-P", "-C"], cwd=command["directory"], capture_output=True, check=False)
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + seen.stdout)
    return digest.hexdigest() if seen.returncode == 0 else None


def look_at(command):
    """The complaints about one file: '' for none."""
    digest = fingerprint(command)
    mark = BUILD / "passed" / str(digest)
    if digest and mark.exists():
        return ""
    done = subprocess.run(["clang-tidy", "-p", BUILD, "--quiet", "--header-filter=/src/", command["file"]],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0:
        if digest:
            mark.touch()
        return ""
    return done.stdout + done.stderr


def main():
    folders = (str(ROOT / "src") + "/", str(BUILD / "CMakeFiles/togglecast_"))
    commands = [command for command in configure(PRESET) if str(command["file"]).startswith(folders)]
    (BUILD / "passed").mkdir(exist_ok=True)
    bad, progress = 0, Progress(len(commands))
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for complaints in pool.map(look_at, commands):
            progress.step()
            if complaints:
                bad += 1
                print(complaints)
    print(f"clang-tidy: {len(commands)} groups of sources, {bad} with complaints")
    return 1 if bad or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
