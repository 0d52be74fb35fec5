"""Each row of framework/README.md is a folder with README.md and CMakeLists.txt, and each folder has a row."""


def check(tree):
    for layer in tree.layers:
        for name in ("README.md", "CMakeLists.txt"):
            if not tree.exists(f"framework/{layer}/{name}"):
                yield f"framework/{layer}/{name}: missing"
    folders = {tree.layer_of(path) for path in tree.files} - {None, "adapters"}
    for folder in sorted(folders - set(tree.layers)):
        yield f"framework/{folder}: has no row in framework/README.md"
