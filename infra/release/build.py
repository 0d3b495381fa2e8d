"""Builds what is shipped: one zip a function, the template that names them, their SBOMs and digests.

Two builds of one commit give the same bytes, wherever the tree, the target directory and the registry's cache are:
every path is mapped to a fixed one, and the zips carry a fixed time, fixed permissions and a fixed order.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The processors that Lambda runs on: what `sam build` (cargo-lambda) compiles for. RUSTFLAGS replaces cargo-lambda's own.
TARGETS = {"arm64": ("aarch64-unknown-linux-gnu", "neoverse-n1"), "x86_64": ("x86_64-unknown-linux-gnu", "haswell")}
BINARIES = re.compile(r"\bBinary: *([a-z-]+)")
CODE_URI = re.compile(r"^( +CodeUri:) *\.$")
BESIDE = re.compile(r"^ +(?:ContentUri|TemplateURL): *(infra/\S+)$", re.MULTILINE)  # what else sam deploy uploads


def reproducible(target_dir: Path, cpu: str) -> dict[str, str]:
    """The environment in which the compilers know no path of this machine."""
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    maps = [(cargo_home, "/cargo"), (ROOT, "/order-relay"), (target_dir, "/target")]  # the last that fits is used
    rust = ["-Ctarget-cpu=" + cpu] + [f"--remap-path-prefix={old}={new}" for old, new in maps]
    c = [f"-ffile-prefix-map={old}={new}" for old, new in maps]
    return {
        **os.environ,
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(rust),
        "CARGO_INCREMENTAL": "0",
        "CARGO_TARGET_DIR": str(target_dir),
        "CFLAGS": " ".join(c),
        "SOURCE_DATE_EPOCH": "315532800",
    }


def compile_functions(binaries: list[str], arch: str, target_dir: Path) -> dict[str, Path]:
    """The functions' executables by name, each with the list of the crates in it (cargo-auditable)."""
    triple, cpu = TARGETS[arch]
    # Amazon Linux 2023 has glibc 2.34.
    command = ["cargo", "auditable", "lambda", "build", "--locked", "--release", f"--target={triple}.2.34"]
    # Only the crates that the functions are in: the others would switch features on.
    metadata = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version=1"], cwd=ROOT, check=True, capture_output=True)
    for package in json.loads(metadata.stdout)["packages"]:
        if any(target["name"] in binaries for target in package["targets"] if "bin" in target["kind"]):
            command.append(f"--package={package['name']}")
    command += [f"--bin={binary}" for binary in binaries]
    subprocess.run(command, cwd=ROOT, env=reproducible(target_dir, cpu), check=True)
    return {binary: target_dir / "lambda" / binary / "bootstrap" for binary in binaries}


def pack(archive: Path, files: dict[str, Path], mode: int) -> None:
    """A zip that depends on nothing but its files' names and bytes."""
    with zipfile.ZipFile(archive, "w") as file:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix: the permissions count
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, path.read_bytes(), compresslevel=9)


def digest(path: Path) -> str:
    """The file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def packaged(template: str, arch: str) -> str:
    """The template with each function's `CodeUri: .` replaced by its zip; `Binary` stands above it."""
    binary, lines = None, []
    for line in template.splitlines():
        binary = (match := BINARIES.search(line)) and match[1] or binary
        if CODE_URI.match(line):
            line, binary = CODE_URI.sub(rf"\1 {binary}-{arch}.zip", line), None
            if "None" in line:
                raise SystemExit("template.yaml: a CodeUri without a BuildProperties.Binary above it")
        lines.append(line)
    return "\n".join(lines) + "\n"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--arch", choices=TARGETS, default="arm64")
    arguments.add_argument("--out", type=Path, default=ROOT / "target" / "release-files")
    arguments.add_argument("--target-dir", type=Path, default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")))
    chosen = arguments.parse_args()

    template = (ROOT / "template.yaml").read_text()
    binaries = BINARIES.findall(template)
    out = chosen.out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    for path in BESIDE.findall(template):
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / path).is_dir() else shutil.copy)(ROOT / path, out / path)
    (out / "template.yaml").write_text(packaged(template, chosen.arch))
    for binary, executable in compile_functions(binaries, chosen.arch, chosen.target_dir.resolve()).items():
        pack(out / f"{binary}-{chosen.arch}.zip", {"bootstrap": executable}, 0o755)
        sbom = subprocess.run(["auditable2cdx", executable], check=True, capture_output=True).stdout
        (out / f"{binary}-{chosen.arch}.cdx.json").write_bytes(sbom)

    files = {str(path.relative_to(out)): path for path in sorted(out.rglob("*")) if path.is_file()}
    sums = out / "SHA256SUMS"
    sums.write_text("".join(f"{digest(path)}  {name}\n" for name, path in files.items()))
    bundle = out / f"order-relay-{chosen.arch}.zip"  # what the deploy workflow takes
    pack(bundle, files | {sums.name: sums}, 0o644)
    print(f"{sums.read_text()}{digest(bundle)}  {bundle.name}")


if __name__ == "__main__":
    main()
