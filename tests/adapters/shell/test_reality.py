"""What bash really changes has been told before: commands are run for real, in a folder of their own."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from lsp_orch.adapters.shell.bash import BashWrites
from lsp_orch.domain.shell.writes import Writes

SHELL = BashWrites()
LIMIT_S = 20.0

# Nothing here can lead above the folder: there is no way up but ``..`` in front of the folder's own name.
PATHS = st.sampled_from(
    r"""
    a b c.txt d/e d/f d g new d/new l door/e *.txt d/* [ab] $F $G "$F" ${F%.txt} {a,b} ./a ../w/a g/../a new/x
    \a 'a' "b" $U "$@" $1 ${FS[@]} ${U:-a} `pwd`/b "$(basename d/e)" $(dirname d/e) ~/h $PWD/a n* d/{e,new} a?
    """.replace("basename ", "basename@")
    .replace("dirname ", "dirname@")
    .split()
).map(lambda text: text.replace("@", " ") if "name@" in text else text)
TEMPLATES = st.sampled_from(
    re.split(
        r"\s{2,}",
        """echo x > P   echo x >> P   cat P > P   echo P   ls P &> P   : >| P   echo > P x   > P   cat P
        grep x P   tee P < a   echo x | tee -a P P   sed -i s/x/y/ P   sed -i.bak s/x/y/ P   sed s/x/y/ P
        sed -n 's/x/y/w P' a   sed -ni p P P   cp P P   cp -r P P   cp P P P   cp -a P P   cp -t P P
        mv P P   mv P P P   mv -f P P   rm P   rm -f P P   rm -r P   rmdir P   mkdir P   mkdir -p P/x
        touch P   truncate -s 0 P   dd if=a of=P status=none   ln -s P P   ln P P   ln -sf P P   install P P
        sort -o P P   awk '{print > "P"}' a   perl -pi -e s/x/y/ P   perl -i.o -pe s/x/z/ P P
        split -l 1 a P   gzip -f P   uniq a P   unlink P   find P -type f -delete
        find P -type f -exec sed -i s/x/q/ {} +   find . -name 'a*' -exec rm -f {} ;   ls | xargs rm -f
        git checkout P   git checkout -- P   git restore P   git stash   git reset --hard   git rm -q P
        git mv P P   git clean -fd P   git stash push -- P   git apply x.patch   patch -s -p1 < x.patch
        patch -s -p1 -i x.patch   git checkout HEAD P   git add P   cd P   cd d   cd g   cd nowhere   cd -
        cd d/..   pushd d   popd   F=P   G=P   FS=(P P)   export F=P   unset F   read F <<< P   set -- P P
        shift   true   false   exit   set -f   F+=x   local F=b   printf -v G b   return   break
        eval echo y ">" P   tar cf P a   tar xf t.tar -C P   python3 -c 'open("P", "w")'   command rm P
        time rm P   env A=1 rm P   nohup rm P   tar cf t.tar a d   cat > P <<< x""",
    )
)


@st.composite
def simple(draw: st.DrawFn) -> str:
    text = draw(TEMPLATES)
    return "".join(draw(PATHS) if letter == "P" else letter for letter in text).replace("{} ;", "{} \\;")


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from([" && ", " || ", "; ", "\n", " | ", " & "]), inner).map("".join),
        inner.map(lambda text: f"( {text} )"),
        inner.map(lambda text: f"{{ {text}\n}}"),
        st.tuples(inner, PATHS).map(lambda each: f"{{ {each[0]}\n}} > {each[1]}"),
        inner.map(lambda text: f"bash -c {shlex.quote(text)}"),
        st.tuples(inner, PATHS).map(lambda each: f"bash -c {shlex.quote(each[0])} name {each[1]}"),
        inner.map(lambda text: f"bash <<'{(end := _end(text))}'\n{text}\n{end}\n"),
        inner.map(lambda text: f"eval {shlex.quote(text)}"),
        inner.map(lambda text: f"echo $( {text} )"),
        inner.map(lambda text: f"cat <( {text} )"),
        st.tuples(inner, PATHS).map(
            lambda each: f"cat <<{_end(each[0])} > {each[1]}\n$( {each[0]} )\n{_end(each[0])}\n"
        ),
        two.map(lambda each: f"if {each[0]}\nthen {each[1]}\nfi"),
        two.map(lambda each: f"if {each[0]}\nthen false\nelse {each[1]}\nfi"),
        st.tuples(PATHS, PATHS, inner).map(lambda each: f"for F in {each[0]} {each[1]}; do {each[2]}\ndone"),
        two.map(lambda each: f"while {each[0]}\ndo {each[1]}\nbreak\ndone"),
        two.map(lambda each: f"case $F in a) {each[0]}\n;; *) {each[1]}\n;; esac"),
        st.tuples(inner, PATHS).map(lambda each: f"fun() {{ {each[0]}\n}}; fun {each[1]}"),
        inner.map(lambda text: f"! {text}"),
        st.tuples(inner, st.sampled_from(["a", "d"])).map(lambda each: f"F={each[1]}\n{each[0]}"),
    )


def _end(text: str) -> str:
    """The end of a here-document that is in no other."""
    return f"END{len(text)}"


COMMANDS = st.lists(st.recursive(simple(), compound, max_leaves=4), min_size=1, max_size=3).map("\n".join)


@pytest.fixture(scope="module")
def model() -> Iterator[Path]:
    """The folder that each command starts from a copy of."""
    root = Path(tempfile.mkdtemp(prefix="lo-shell-")).resolve()
    folder = root / "w"
    for name in ("a", "b", "c.txt", "d/e", "d/f"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"x\n{name}\n", encoding="utf-8")
    (folder / "l").symlink_to("a")
    (folder / "door").symlink_to("d")
    (folder / "x.patch").write_text("--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-x\n+y\n a\n", encoding="utf-8")
    run("git init -q -b main && git add -A && git commit -qm start && tar cf t.tar a d && mkdir g", folder)
    (folder / "b").write_text("x\nchanged\n", encoding="utf-8")
    (root / "home").mkdir()
    yield root
    shutil.rmtree(root)


def run(command: str, folder: Path) -> None:
    subprocess.run(
        ["bash", "-c", f"{command}\nwait"],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )


def environment(folder: Path) -> dict[str, str]:
    who = {
        f"GIT_{role}_{what}": "me@x.test" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    home = str(folder.parent / "home")
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "F": "a",
        **who,
    }


def files(root: Path) -> dict[str, bytes | str]:
    found: dict[str, bytes | str] = {}
    for folder, _, names in os.walk(root):
        for name in names if ".git" not in Path(folder).parts else ():
            path = Path(folder, name)
            found[str(path)] = str(path.readlink()) if path.is_symlink() else path.read_bytes()
    for folder, inside, _ in os.walk(root):  # a link to a folder counts as a file
        found |= {
            str(each): str(each.readlink())
            for each in (Path(folder, name) for name in inside)
            if each.is_symlink()
        }
    return found


def is_told(path: str, writes: Writes, real: dict[str, str]) -> bool:
    if path in writes.paths or path in {real[each] for each in writes.paths}:
        return True
    trees = writes.folders | {real[each] for each in writes.folders}
    return any(path == tree or path.startswith(f"{tree.rstrip('/')}/") for tree in trees)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(command=COMMANDS)
@example(command="cd nowhere\nrm a")
@example(command="ln -s a new; echo x > new")
@example(command="mkdir new && cp a new && mv new/a d/new")
def test_whatever_changes_was_told(model: Path, command: str) -> None:
    with tempfile.TemporaryDirectory(prefix="lo-shell-") as place:
        root = Path(place).resolve() / "root"
        shutil.copytree(model, root, symlinks=True)
        writes = SHELL.writes(command, str(root / "w"), environment(root / "w"))
        real = {each: os.path.realpath(each) for each in writes.paths | writes.folders}
        before = files(root)
        run(command, root / "w")
        after = files(root)
    note(f"{command}\n{writes}")
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert writes.unknown or not [path for path in sorted(changed) if not is_told(path, writes, real)]
