"""Each file of src/ must compile by itself, without precompiled headers: a missing include shows only there.

A header with a source of its own is compiled with it, as its first line. The check takes all headers without a source, and
the sources that differ from the last tag or from twenty commits ago, whichever is nearer. With --full, it takes all."""

import concurrent.futures
import pathlib
import subprocess
import sys

from compile_commands import JOBS, ROOT, Progress, configure

COMMITS = 20


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def base():
    """The commit to compare with; none when the history does not reach so far."""
    tag = git("describe", "--tags", "--abbrev=0")
    since_tag = git("rev-list", "--count", f"{tag.strip()}..HEAD") if tag else None
    if since_tag and int(since_tag) < COMMITS:
        return tag.strip()
    commit = git("rev-parse", "--verify", "--quiet", f"HEAD~{COMMITS}")
    return commit.strip() if commit else None


def changed():
    """The files that differ from the base, new ones included; none when git cannot tell."""
    since = base()
    differing = git("diff", "--name-only", since, "--", "src") if since else None
    new = git("ls-files", "--others", "--exclude-standard", "--", "src")
    if differing is None or new is None:
        return None
    return {ROOT / name for name in (differing + new).splitlines()}


def units(commands, full):
    """What is compiled: (name, arguments, text for the standard input)."""
    touched = None if full else changed()
    sources = {command["file"]: command for command in commands if command["file"].is_relative_to(ROOT / "src")}
    for source, command in sources.items():
        if touched is None or source in touched or source.with_suffix(".hpp") in touched:
            yield source, command["arguments"], None
    flags = [word for word in next(iter(sources.values()))["arguments"] if not word.endswith(".cpp")]
    for header in sorted((ROOT / "src").rglob("*.hpp")):
        if header.with_suffix(".cpp") not in sources:
            twice = f'#include "{header.relative_to(ROOT / "src")}"\n' * 2
            yield header, [*flags, "-x", "c++", "-"], twice


def compiled(unit):
    name, arguments, text = unit
    done = subprocess.run([*arguments, "-fsyntax-only"], input=text, capture_output=True, text=True, check=False, cwd=ROOT)
    return "" if done.returncode == 0 else f"{pathlib.Path(name).relative_to(ROOT)} does not compile by itself:\n{done.stderr}"


def main():
    work = list(units(configure("tidy"), "--full" in sys.argv[1:]))
    bad, progress = 0, Progress(len(work))
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for complaints in pool.map(compiled, work):
            progress.step()
            if complaints:
                bad += 1
                print(complaints)
    print(f"compiled by themselves: {len(work)} files, {bad} with errors")
    return 1 if bad or not work else 0


if __name__ == "__main__":
    sys.exit(main())
