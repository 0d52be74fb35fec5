"""Includes point down (framework/README.md, first table), and a layer's src/ is included by itself only."""

import pathlib
import re


def check(tree):
    for path in tree.cpp_files:
        for include in tree.includes(path):
            yield from _check_include(tree, path, include)
    yield from _check_cmake(tree)


def _check_include(tree, path, include):
    place = f"{path}:{include.line}"
    layer = tree.layer_of(path)
    private_owner = _owner_of_private_header(tree, path, include)
    if private_owner:
        if private_owner != layer:
            yield f"{place}: includes {include.name}, a private header of {private_owner}: use its public headers"
        return
    if not include.name.startswith("millrace/"):
        return
    owner = tree.owner_of_header(include.name)
    if owner is None:
        yield f"{place}: includes {include.name}, which no layer has (or its layer has no row in framework/README.md)"
    elif layer is not None and owner not in tree.reach(layer):
        allowed = ", ".join(sorted(tree.reach(layer) - {layer})) or "nothing"
        yield f"{place}: {layer} includes {include.name} of {owner}, but may include only: {allowed}"


def _owner_of_private_header(tree, path, include):
    """The layer whose src/ holds the header, as the compiler would find it from `path`; None if it is elsewhere."""
    if include.quoted:
        beside = pathlib.PurePath(path).parent / include.name
        resolved = (tree.root / beside).resolve()
        if resolved.is_file():
            inside = str(resolved.relative_to(tree.root)) if resolved.is_relative_to(tree.root) else ""
            return tree.layer_of(inside) if "/src/" in inside else None
    own = tree.layer_of(path)
    for layer in sorted(tree.layers, key=lambda layer: layer != own):
        if tree.exists(f"framework/{layer}/src/{include.name}"):
            return layer
    return None


def _check_cmake(tree):
    """DEPENDS says what the table says, else the table is only words."""
    for layer, allowed in tree.layers.items():
        path = f"framework/{layer}/CMakeLists.txt"
        if not tree.exists(path):
            continue
        call = re.search(r"millrace_layer\(([^)]*)\)", tree.text(path))
        words = call[1].split() if call else []
        depends = []
        if "DEPENDS" in words:
            for word in words[words.index("DEPENDS") + 1:]:
                if word in ("PRIVATE", "HEADER_ONLY", "PATH"):
                    break
                depends.append(word)
        if sorted(depends) != sorted(name.replace("/", "_") for name in allowed):
            yield f"{path}: DEPENDS {' '.join(depends)}, but framework/README.md says {' '.join(allowed) or 'nothing'}"
