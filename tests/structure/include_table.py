"""The include table: cmake/layers.txt against every #include line under src/."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')

# Heavy third-party headers have one home each, so that a small change compiles in seconds and a library can be replaced.
HOMES = {
    "sqlite3.h": ["storage/sqlite"],
    "libpq-fe.h": ["storage/postgres/connection"],
    "CLI/": ["app"],
    "toml++/": ["app"],
    "boost/asio": ["net", "web", "engineio", "socketio", "cluster", "app"],
    "boost/beast": ["wire/http"],
    "openssl/ssl.h": ["net"],
    "curl/": ["egress"],
}


def read_table(text):
    """Maps each folder and partition to the set of those that it may include, itself among them, transitively.

    A partition that names its own folder implements it: of other folders, only those with `*` may include it."""
    allowed, everything = {}, set()
    for number, line in enumerate(text.splitlines(), 1):
        folder, colon, below = (part.strip() for part in line.split("#")[0].partition(":"))
        if not folder:
            continue
        top = folder.split("/")[0]
        names = [name for name in allowed if "/" not in name] if below == "*" else below.split()
        unknown = [name for name in names if name not in allowed]
        if not colon or unknown or folder in allowed or (top != folder and top not in allowed):
            raise ValueError(f"line {number}: cannot read '{line.strip()}' (unknown or repeated folder)")
        if below == "*":
            everything.add(folder)
        allowed[folder] = {folder}.union(*(allowed[name] for name in names))
        if top != folder:
            allowed[folder] |= {name for name in allowed[top] if name.split("/")[0] != top}
            if top not in allowed[folder]:
                allowed[top] |= allowed[folder]
    for folder, reach in allowed.items():
        top = folder.split("/")[0]
        for partition in [name for name in allowed if "/" in name]:
            below = partition.split("/")[0]
            implementation = below in allowed[partition]
            if below in reach and below != top and (not implementation or top in everything):
                reach.add(partition)
    return allowed


def folder_of(name, allowed):
    """The longest folder of the table that holds this path."""
    folder = str(pathlib.PurePosixPath(name).parent)
    while folder not in allowed and "/" in folder:
        folder = folder.rpartition("/")[0]
    return folder


def source_files(source_root):
    return sorted(p for p in source_root.rglob("*") if p.suffix in (".hpp", ".cpp"))


def violations(source_root, allowed):
    """Yields one sentence for each line that breaks the table."""
    for entry in sorted(source_root.rglob("*")):
        name = str(entry.relative_to(source_root))
        if entry.parent == source_root or (entry.is_dir() and any(source_files(entry))):
            if not entry.is_dir() or name not in allowed:
                yield f"src/{name}: not a folder of cmake/layers.txt"
    for path in source_files(source_root):
        name = path.relative_to(source_root)
        folder = folder_of(name, allowed)
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
            elif folder_of(ours, allowed) not in allowed.get(folder, ()):
                yield f"{where}: {folder} may not include {ours}"


def crowded(source_root, most):
    """Yields the folders that hold more source files than that."""
    for folder in sorted({path.parent for path in source_files(source_root)}):
        count = sum(1 for p in folder.iterdir() if p.suffix in (".hpp", ".cpp"))
        if count > most:
            yield f"src/{folder.relative_to(source_root)}: {count} source files; a folder has at most {most}"


def misplaced(where, folder, header, allowed):
    if header.split("/")[0] in allowed:
        yield f'{where}: <{header}> is ours; write "{header}"'
    for prefix, homes in HOMES.items():
        if header.startswith(prefix) and not any((folder + "/").startswith(home + "/") for home in homes):
            yield f"{where}: <{header}> lives in {', '.join(homes)}, not in {folder}"
