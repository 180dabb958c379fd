"""The include table: cmake/layers.txt against every #include line under src/."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')

# Heavy third-party headers have one home each, so that a small change compiles in seconds and a library can be replaced.
HOMES = {
    "sqlite3.h": ["storage/sqlite"],
    "spdlog/": ["observe"],
    "prometheus/": ["observe"],
    "CLI/": ["app"],
    "toml++/": ["app"],
    "boost/asio": ["net", "web", "engineio", "socketio", "cluster", "app"],
    "boost/beast": ["wire/http"],
    "openssl/ssl.h": ["net"],
}


def read_table(text):
    """Maps each folder to the set of folders it may include, itself among them, transitively."""
    allowed = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, colon, below = line.partition(":")
        names = list(allowed) if below.strip() == "*" else below.split()
        unknown = [name for name in names if name not in allowed]
        if not colon or unknown or folder in allowed:
            raise ValueError(f"line {number}: cannot read '{line}' (unknown or repeated folder)")
        allowed[folder] = {folder}.union(*(allowed[name] for name in names))
    return allowed


def violations(source_root, allowed):
    """Yields one sentence for each line that breaks the table."""
    for entry in sorted(source_root.iterdir()):
        if not entry.is_dir() or entry.name not in allowed:
            yield f"src/{entry.name}: not a folder of cmake/layers.txt"
    for path in sorted(p for p in source_root.rglob("*") if p.suffix in (".hpp", ".cpp")):
        name = path.relative_to(source_root)
        folder = name.parts[0]
        first = True
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            where = f"src/{name}:{number}"
            ours, theirs = match.groups()
            if first and path.suffix == ".cpp" and path.with_suffix(".hpp").exists() and ours != str(name.with_suffix(".hpp")):
                yield f"{where}: the first include is the file's own header, which proves that it compiles alone"
            first = False
            if theirs:
                yield from misplaced(where, str(name.parent), theirs, allowed)
            elif not (source_root / ours).is_file() or ".." in ours:
                yield f'{where}: "{ours}" is not a file of src/; write includes from its root'
            elif ours.split("/")[0] not in allowed.get(folder, ()):
                yield f"{where}: {folder} may not include {ours}"


def misplaced(where, folder, header, allowed):
    if header.split("/")[0] in allowed:
        yield f'{where}: <{header}> is ours; write "{header}"'
    for prefix, homes in HOMES.items():
        if header.startswith(prefix) and not any((folder + "/").startswith(home + "/") for home in homes):
            yield f"{where}: <{header}> lives in {', '.join(homes)}, not in {folder}"
