"""What command lines write, told before they run."""

import time
import warnings
from pathlib import Path

import pytest

from lsp_orch.adapters.shell.bash import BashWrites
from lsp_orch.domain.shell.writes import Writes

SHELL = BashWrites()
PATCH = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with files, folders, a link and a patch."""
    root = tmp_path.resolve()
    for name in ("a.py", "b.py", "src/c.py", "src/d.py", "src/deep/e.py", "other/f.txt", "has space.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n", encoding="utf-8")
    (root / ".git").mkdir()
    (root / "x.patch").write_text(PATCH, encoding="utf-8")
    (root / "door").symlink_to("src/deep")
    (root / "alias.py").symlink_to("a.py")
    return root


def told(root: Path, command: str) -> str:
    """The answer as one line: files, folders with a slash, and a question mark for what is not known."""
    found = SHELL.writes(command, str(root), {"HOME": "/home/me", "OUT": "out.txt", "GLOB": "*.py"})
    files, folders = (
        [each.removeprefix(f"{root}/") for each in names] for names in (found.paths, found.folders)
    )
    shown = [f"{each}/".replace(f"{root}/", "./") for each in folders]
    return " ".join([*sorted(files), *sorted(shown), *(["?"] if found.unknown else [])])


REDIRECTIONS = [
    ("echo x > a.py", "a.py"),
    ("echo x >> a.py", "a.py"),
    ("echo x >| a.py", "a.py"),
    ("ls &> log", "log"),
    ("ls &>> log", "log"),
    ("ls >& log", "log"),
    ("ls 2> log 1> out", "log out"),
    ("ls 3<> both", "both ?"),  # the grammar stumbles there
    ("> empty", "empty"),
    (": > a.py", "a.py"),
    ("> a.py echo x", "a.py"),
    ("echo > a.py x y", "a.py"),
    ("rm > log a.py b.py", "a.py b.py log"),
    ("> a.py cp b.py src", "a.py src/b.py"),
    ("ls 2>&1 >&2 2>&- < a.py", ""),
    ("ls > /dev/null 2> /dev/stderr", ""),
    ("echo x > 'has space.py'", "has space.py"),
    ("echo x > has\\ space.py", "has space.py"),
    ("echo x > \"a\"'.'py", "a.py"),
    ("echo x > $'a\\x2epy'", "a.py"),
    ('echo x > $"a.py"', "a.py"),
    ("echo x > ~/a.py", "/home/me/a.py"),
    ("echo x > ~you/a.py", "?"),
    ("echo x > $OUT", "out.txt"),
    ("echo x > ${OUT%.txt}.md", "out.md"),
    ("echo x > ${OUT##*.}", "txt"),
    ("echo x > ${NEVER:-c}", "?"),
    ("echo x > $NEVER", "?"),
    ("echo x > src/../a.py", "a.py"),
    ("echo x > door/../a.py", "src/a.py"),
    ("echo x > ./src//c.py", "src/c.py"),
    ("echo x > /elsewhere/a", "/elsewhere/a"),
    ("echo x > $(date).log", "?"),
    ("echo x > `date`.log", "?"),
    ("echo x > a$((1+1))", "?"),
    ("cat > a.py <<'END'\necho $x > b.py\nEND", "a.py"),
    ("cat <<END > a.py\n$(touch b.py)\nEND\n", "a.py b.py"),
    ("cat <<END > a.py\n`touch b.py`\nEND\n", "a.py ?"),
    ("cat <<END | tee a.py\nx\nEND\nrm b.py", "a.py b.py"),
    ("cat <<END > a.py && rm b.py\nx\nEND", "a.py b.py"),
    ("cat <<-END > a.py\n\tx\n\tEND\nrm b.py", "a.py b.py"),
    ("cat <<< text > a.py", "a.py"),
    ("ls > >(tee a.py)", "a.py"),
    ("diff <(sort a.py) <(sort -o b.py src/c.py)", "b.py"),
    ("cd src && ls > a.py", "src/a.py"),
    ("ls | cat > a.py", "a.py"),
    ("{ ls; cat b.py; } > a.py", "a.py"),
    ("(cd src; ls) > a.py", "a.py"),
    ("while read -r l; do echo $l; done < b.py > a.py", "a.py"),
    ("exec > a.py; ls", "a.py"),
]
FILES = [
    ("ls | tee a.py b.py", "a.py b.py"),
    ("ls | tee -a a.py", "a.py"),
    ("sed s/x/y/ a.py", ""),
    ("sed -n 1,5p a.py", ""),
    ("sed -i s/x/y/ a.py b.py", "a.py b.py"),
    ("sed -i.bak s/x/y/ a.py", "a.py a.py.bak"),
    ("sed -i'old/*~' s/x/y/ a.py", "a.py old/a.py~"),
    ("sed --in-place s/x/y/ a.py", "a.py"),
    ("sed --in-pl=.b s/x/y/ a.py", "a.py a.py.b"),
    ("sed -n -i -e 1p -e 2p a.py", "a.py"),
    ("sed -ni 1p a.py", "a.py"),
    ("sed -Ei 's/(x)/y/' a.py", "a.py"),
    ("sed -e s/x/y/ -i a.py", "a.py"),
    ("sed -ie s/x/y/ a.py", "a.py a.pye"),
    ('sed -i "s/$A/$B/" a.py', "a.py"),
    ("sed -i s/x/y/ $FILES", "?"),
    ("sed $OPTIONS a.py", "?"),
    ("sed 's/x/y/w b.py' a.py", "b.py"),
    ("sed -n '/x/w b.py' a.py", "b.py"),
    ("sed s/x/date/e a.py", "?"),
    ("sed -f script a.py", "?"),
    ("sed -n '/a/,/b/{p;q}' a.py", ""),
    ("perl -pi -e s/x/y/ a.py b.py", "a.py b.py"),
    ("perl -i.bak -pe s/x/y/ a.py", "a.py a.py.bak"),
    ("perl -lane 'print $F[0]' a.py", ""),
    ("awk '{print $1}' a.py", ""),
    ("awk '$1 > 5 || /a|b/ {print}' a.py", ""),
    ("awk '{print > \"b.py\"}' a.py", "b.py"),
    ("awk '{print $1 \">\" $2}' a.py", ""),
    ("awk '{print > $1}' a.py", "?"),
    ("awk '{print | \"sh\"}' a.py", "?"),
    ("awk 'BEGIN{system(\"x\")}'", "?"),
    ("awk -i inplace '{print}' a.py", "a.py"),
    ("gawk -f prog a.py", "?"),
    ("cp a.py b.py", "b.py"),
    ("cp a.py b.py src", "src/a.py src/b.py"),
    ("cp a.py src/", "src/a.py"),
    ("cp -t src a.py", "src/a.py"),
    ("cp -T a.py other", "other"),
    ("cp -r src new", "new/"),
    ("cp -r src other", "other/src/"),
    ("cp -r src/. other", "other/"),
    ("cp a.py $TO", "?"),
    ('cp "$X" src', "src/"),
    ("cp *.py src", "src/a.py src/alias.py src/b.py src/has space.py"),
    ("cp -a alias.py new && echo > new", "new ?"),
    ("mv a.py c.py", "a.py c.py"),
    ("mv a.py src", "a.py src/a.py"),
    ("mv src other", "other/src/ src/"),
    ("mv src new", "new/ src/"),
    ("mv a.py", ""),
    ("install -m 644 a.py src", "src/a.py"),
    ("install -d new/folder", ""),
    ("ln -s a.py new", "new"),
    ("ln -sf ../a.py src", "src/a.py"),
    ("ln -s a.py new; echo > new", "new ?"),
    ("ln -s /etc out; rm out/passwd", "out out/passwd ?"),
    ("rm a.py b.py", "a.py b.py"),
    ("rm -rf src", "src/"),
    ("rm -f -- -x", "-x"),
    ("unlink a.py", "a.py"),
    ("rmdir other", "other/"),
    ("mkdir -p new/folder", ""),
    ("mkdir new && cp a.py new && touch new/b", "new/a.py new/b"),
    ("touch a.py new", "a.py new"),
    ("truncate -s 0 a.py", "a.py"),
    ("dd if=a.py of=b.py bs=1", "b.py"),
    ("dd if=a.py", ""),
    ("chmod +x a.py; chown me b.py", ""),
    ("sort a.py -o b.py", "b.py"),
    ("sort -n -o b.py a.py", "b.py"),
    ("sort -no b.py a.py", "b.py"),
    ("sort a.py", ""),
    ("uniq a.py b.py", "b.py"),
    ("uniq -c a.py", ""),
    ("split -l 5 a.py src/part", "src/"),
    ("gzip a.py", "a a.py a.py.gz"),
    ("gzip -c a.py > z", "z"),
    ("tar xf a.tar", "./"),
    ("tar -xzf a.tgz -C src", "src/"),
    ("tar czf a.tgz src", "a.tgz"),
    ("tar -tf a.tar", ""),
    ("unzip a.zip -d src", "src/"),
    ("unzip -l a.zip", ""),
    ("zip -r a.zip src", "a.zip a.zip.zip"),
    ("rsync -a src/ other/", "other/"),
    ("rsync -a src/ host:other/", ""),
    ("rsync -an src/ other/", ""),
    ("curl -sSLo a.py https://x.test/y", "a.py"),
    ("curl -O https://x.test/b.py", "b.py"),
    ('curl -s -H "A: $TOKEN" https://x.test/b.py', ""),
    ("wget -qO a.py https://x.test", "a.py"),
    ("wget -qO- https://x.test", ""),
    ("wget https://x.test/b.py", "b.py"),
    ("wget -r https://x.test/", "./"),
    ("find src -name '*.py'", ""),
    ("find src -delete", "src/"),
    ("find . -name '*.pyc' -exec rm {} +", "./"),
    ("find src other -exec sed -i s/x/y/ {} \\;", "other/ src/"),
    ("find src -exec grep x {} +", ""),
    ("find src -execdir rm {} ';'", "src/"),
    ("find src -fprint a.py", "a.py"),
    ("find src -exec sh -c 'mv \"$1\" /tmp/x' _ {} ';'", "/tmp/x/ src/"),
    ("patch -p1 < x.patch", "./"),
    ("patch -p1 -i x.patch", "a.py a.py.orig a.py.rej"),
    ("patch a.py x.patch", "a.py a.py.orig a.py.rej"),
    (f"patch -p1 <<'END'\n{PATCH}END", "a.py a.py.orig a.py.rej"),
    ("ed -s a.py <<'END'\n1d\nw\nq\nEND", "a.py"),
    ("ed -s a.py <<'END'\nw b.py\nEND", "a.py ?"),
    ("ex -s -c '%s/x/y/' -c wq a.py", "a.py"),
    ("vim a.py", "a.py ?"),
]
GIT = [
    ("git status; git log --oneline; git diff; git show HEAD:a.py; git blame a.py", ""),
    ("git add -A && git commit -m 'x' && git push", ""),
    ("git diff --output=a.py", "a.py"),
    ("git checkout .", "./"),
    ("git checkout -- a.py src/c.py", "a.py src/c.py"),
    ("git checkout HEAD -- src", "src/"),
    ("git checkout a.py", "a.py"),
    ("git checkout main", "./"),
    ("git checkout -b new", ""),
    ("git checkout -b new main", "./"),
    ("git switch main", "./"),
    ("git switch -c new", ""),
    ("git restore a.py", "a.py"),
    ("git restore src", "src/"),
    ("git restore 'src/*.py'", "src/"),
    ("git restore gone.py", "gone.py/"),
    ("git restore :/", "./"),
    ("git restore --staged a.py", ""),
    ("git restore --staged --worktree a.py", "a.py"),
    ("git restore -s HEAD~1 a.py", "a.py"),
    ("git stash", "./"),
    ("git stash list", ""),
    ("git stash pop", "./"),
    ("git stash push -m why -- a.py", "a.py"),
    ("git reset", ""),
    ("git reset HEAD a.py", ""),
    ("git reset --hard", "./"),
    ("git apply x.patch", "a.py"),
    ("git apply --check x.patch", ""),
    ("git apply unreadable.patch", "./"),
    ("cat > y.patch <<'END'\nx\nEND\ngit apply y.patch", "y.patch ./"),
    ("git am x.mbox", "./"),
    ("git merge other", "./"),
    ("git rebase main", "./"),
    ("git cherry-pick abc", "./"),
    ("git revert HEAD", "./"),
    ("git pull", "./"),
    ("git clean -fd", "./"),
    ("git clean -fd src", "src/"),
    ("git clean -nd", ""),
    ("git rm a.py", "a.py"),
    ("git rm --cached a.py", ""),
    ("git mv a.py c.py", "a.py c.py"),
    ("git -C src checkout -- c.py", "src/c.py"),
    ("git -C src mv c.py ../c.py", "c.py src/c.py"),
    ("cd src && git stash", "./"),
    ("git --work-tree=/x checkout .", "?"),
    ("git -c user.name=me commit -m x", ""),
    ("git -c alias.x=!rm x", "?"),
    ("git some-alias", "?"),
    ("GIT_DIR=/x git checkout .", "./ ?"),
    ("git clone https://x.test/some/thing.git", "thing/"),
    ("git worktree add w", "w/"),
    ("git format-patch -o out HEAD~1", "out/"),
    ("git $VERB a.py", "?"),
]
PROGRAMS = [
    ("nohup timeout -k 5 10 nice -n 5 env A=1 sed -i s/x/y/ a.py", "a.py"),
    ("sudo -u me rm a.py", "a.py"),
    ("command rm a.py; builtin cd src; \\rm c.py; 'rm' d.py", "a.py src/c.py src/d.py"),
    ("time rm a.py", "a.py"),
    ("/bin/rm a.py", "a.py"),
    ("/opt/odd/rm a.py", "?"),
    ("env -C src rm c.py", "src/c.py"),
    ("ls | xargs grep x", ""),
    ("ls | xargs rm", "?"),
    ("ls | xargs -I{} cp {} src", "src/"),
    ("ls | xargs sed -n 1p", ""),
    ("ls | xargs -n1 sed -i s/x/y/", "?"),
    ("bash -c 'cd src; rm c.py'", "src/c.py"),
    ("bash -lc 'rm a.py'", "a.py"),
    ("bash -ec 'rm \"$1\"' name a.py", "a.py"),
    ("sh -c \"sh -c 'rm a.py'\"", "a.py"),
    ("F=a.py; bash -c 'rm $F'", "?"),
    ("export F=a.py; bash -c 'rm $F'", "a.py"),
    ("F=a.py bash -c 'rm $F'", "a.py"),
    ("bash <<'END'\nrm a.py\nEND", "a.py"),
    ("bash -s a.py <<'END'\nrm $1\nEND", "a.py"),
    ("bash x.sh", "?"),
    ('bash -c "$CODE"', "?"),
    ("./x.sh", "?"),
    ("source x.sh", "?"),
    ("source .venv/bin/activate && ls", ""),
    ("eval 'rm a.py'", "a.py"),
    ("eval $X", "?"),
    ("make", "?"),
    ("npm run build", "?"),
    ("cargo check", "?"),
    ("python x.py", "?"),
    ("python -m pytest", "?"),
    ("python --version; cargo --version", ""),
    ("python -c 'print(1)'", ""),
    ("python -c 'import json,sys; print(json.load(sys.stdin))'", ""),
    ('python -c \'open("a.py","w").write("x")\'', "a.py"),
    ("python -c 'open(\"a.py\").read()'", ""),
    ("python -c 'import os; os.remove(\"a.py\")'", "a.py"),
    ("python -c 'import shutil; shutil.rmtree(\"src\")'", "?"),
    ("python -c 'import os; os.system(\"x\")'", "?"),
    ("python -c 'import sys; open(sys.argv[1],\"w\")' a.py", "?"),
    ("python -c \"open('$F','w')\"", "?"),
    ('python -c \'x = open; x("a.py","w")\'', "?"),
    ("python -c 'exec(\"1\")'", "?"),
    ("python -c 'no python('", "?"),
    ("python -c 'print(\"\\d\")'", ""),
    ("python3 - <<'END'\nfrom pathlib import Path\np = Path('src') / 'c.py'\np.touch()\nEND", "src/c.py"),
    (
        "python3 <<'END'\nfor f in ['a.py', 'b.py']:\n    with open(f, 'w') as out: out.write('x')\nEND",
        "a.py b.py",
    ),
    ("python3 <<'END'\nf = 'a.py'\nf = input()\nopen(f, 'w')\nEND", "?"),
    ("python3 <<'END'\nf = 'a.py'\nopen(f, 'w')\nf = 'b.py'\nEND", "?"),
    ("node -e 'console.log(1)'", ""),
    ("node -p 'require(\"./package.json\").version'", ""),
    ('node -e \'require("fs").writeFileSync("a.py", "x")\'', "a.py"),
    ('node -e \'require("fs").writeFileSync("a" + x, "x")\'', "?"),
    ('node -e \'const fs = require("fs"); fs.rmSync("src")\'', "?"),
    ("node -e 'require(\"child_process\")'", "?"),
    ("node x.js", "?"),
    ("ruby -e 'puts 1'", ""),
    ("ruby -e 'File.write(\"a.py\", 1)'", "a.py"),
    ("ruby -e 'system(\"x\")'", "?"),
    ("perl -e 'print 1'", ""),
    ('perl -e \'open(my $f, ">", "a.py"); print $f 1\'', "a.py"),
    ("perl -e 'unlink $x'", "?"),
    ("perl -MList::Util=sum -e 'print sum(1)'", ""),
    ("perl -MFile::Copy -e 'print 1'", "?"),
]
SHELLS = [
    ("cd src; rm c.py", "src/c.py"),
    ("cd src && cd deep && rm e.py", "src/deep/e.py"),
    ("(cd src && rm c.py); rm a.py", "a.py src/c.py"),
    ("pushd src; rm c.py; popd; rm a.py", "a.py src/c.py"),
    ("cd nowhere; rm a.py", "a.py nowhere/a.py"),
    ("cd nowhere && rm a.py", "nowhere/a.py"),
    ("cd nowhere || exit 1; rm a.py", "nowhere/a.py"),
    ("cd $X; rm a.py", "?"),
    ("cd $X && rm /etc/a", "/etc/a"),
    ("cd src; cd -; rm a.py", "a.py"),
    ("cd; rm a.py", "/home/me/a.py a.py"),
    ("cd $(git rev-parse --show-toplevel); rm a.py", "a.py"),
    ("rm $(basename src/c.py) $(pwd)/b.py", "b.py c.py"),
    ("T=$(mktemp); echo > $T; mv $T a.py", "/tmp/tmp.XXXXXXXXXX a.py"),
    ("F=a.py; echo x > $F", "a.py"),
    ('D=src; rm ${D}/c.py "$D"/d.py', "src/c.py src/d.py"),
    ("F=a.py; F=${F}x; rm $F", "a.pyx"),
    ("F='a.py b.py'; rm $F", "a.py b.py"),
    ("F='has space.py'; rm \"$F\"", "has space.py"),
    ('FS=(a.py b.py); rm "${FS[@]}" ${FS[0]}', "a.py b.py"),
    ("rm $GLOB", "a.py alias.py b.py has space.py"),
    ("rm *.py", "a.py alias.py b.py has space.py"),
    ("rm '*.py' \\*.md", "*.md *.py"),
    ("rm [ab].py src/?.py", "a.py b.py src/c.py src/d.py"),
    ("rm *.none", "*.none"),
    ("rm src/**/*.py", "src/"),
    ("touch new1; rm new*", "new* new1"),
    ("touch {a,b}{1..2}", "a1 a2 b1 b2"),
    ("cp a.py{,.bak}", "a.py.bak"),
    ("touch {a}", "{a}"),
    ("for f in a b; do sed -i s/x/y/ $f.py; done", "a.py b.py"),
    ("for f in src/*.py; do mv $f ${f%.py}.txt; done", "src/c.py src/c.txt src/d.py src/d.txt"),
    ("for i in {1..3}; do touch f$i; done", "f1 f2 f3"),
    ("for i in $(seq 2); do touch f$i; done", "f1 f2"),
    ("for f in $(cat list); do rm $f; done", "?"),
    ("for ((i=0;i<2;i++)); do touch f$i; done", "?"),
    ("for d in src other; do cd $d; touch x; cd ..; done", "other/x src/x"),
    ('ls | while read f; do rm "$f"; done', "?"),
    ("while true; do touch x; break; rm y; done", "x"),
    ("if [ -f a.py ]; then rm a.py; else rm b.py; fi", "a.py b.py"),
    ("if x; then F=a; else F=b; fi; rm $F", "?"),
    ("case $x in a) rm a.py;; *) rm b.py;; esac", "a.py b.py"),
    ("[[ -f a && b > c ]] && rm a.py", "a.py"),
    ("(( x > 1 )) || rm a.py", "a.py"),
    ("i=1; ((i++)); rm f$i", "?"),
    ("! rm a.py", "a.py"),
    ("rm a.py & rm b.py", "a.py b.py"),
    ("ls || rm a.py", "a.py"),
    ('f() { rm "$1" $2; }; f a.py b.py', "a.py b.py"),
    ("f() { F=b.py; }; F=a.py; f; rm $F", "b.py"),
    ("f() { local F=b.py; }; F=a.py; f; rm $F", "?"),
    ("f() { return; rm a.py; }; f; rm b.py", "b.py"),
    ("f() { for x in 1; do cd src; return; done; cd deep; }; f; rm a", "src/a src/deep/a"),
    ("for x in 1 2; do cd src; break; cd ..; done; rm a", "src/a src/src/a"),
    ("for x in 1 2; do F=a; continue; F=b; done; rm $F", "a"),
    ("cd src || rm a.py; rm b.py", "src/b.py"),
    ("until x; do F=b.py; done; rm ${F:-a}", "?"),
    ("f() { f; }; f", "?"),
    ("ls() { rm a.py; }; ls", "a.py"),
    ('echo $(rm a.py) "$(rm b.py)" ${X:-$(rm c)}', "a.py b.py c"),
    ("X=$(rm a.py)", "a.py"),
    ("echo $(> a.py) $(< b.py)", "a.py"),
    ('cp a.py b.py "$@"', "b.py"),
    ('[ -n "$(rm a.py)" ]', "a.py"),
    ("read F <<< a.py; rm $F", "?"),
    ("set -- a.py b.py; shift; rm $1", "b.py"),
    ("set -euo pipefail; rm a.py", "a.py"),
    ("set -f; rm a.py", "a.py ?"),
    ("shopt -s globstar; sed -i s/x/y/ **/*.py", "./"),
    ("alias ls=rm; ls a.py", "?"),
    ("trap 'rm a.py' EXIT", "?"),
    ("export $(cat .env); rm $OUT", "?"),
    ("IFS=/; F=src/c.py; rm $F", "?"),
    ("unset OUT; rm ${OUT:-a.py}", "a.py"),
    ("r\\\nm a.py", "a.py"),
    ("rm a\\\n.py b.py \\\n src/c.py", "a.py b.py src/c.py"),
    ("# rm a.py", ""),
    ("echo rm a.py", ""),
    ("", ""),
    ("$CMD a.py", "?"),
    ("`which rm` a.py", "?"),
    ("ls; cat a.py | head; grep -r x .; rg x; find . -type f; test -f x; echo hi; jq . x; diff a b", ""),
    ("rm /proc/self/cwd/a.py", "?"),
    ("if rm a.py", "?"),
    ("rm 'a.py", "?"),
]


@pytest.mark.parametrize(("command", "expected"), REDIRECTIONS)
def test_redirections_are_seen(root: Path, command: str, expected: str) -> None:
    assert told(root, command) == expected


@pytest.mark.parametrize(("command", "expected"), FILES)
def test_commands_that_move_bytes_are_known(root: Path, command: str, expected: str) -> None:
    assert told(root, command) == expected


@pytest.mark.parametrize(("command", "expected"), GIT)
def test_git_changes_the_working_tree_in_known_ways(root: Path, command: str, expected: str) -> None:
    assert told(root, command) == expected


@pytest.mark.parametrize(("command", "expected"), PROGRAMS)
def test_what_runs_inside_of_a_command_is_followed(root: Path, command: str, expected: str) -> None:
    assert told(root, command) == expected


@pytest.mark.parametrize(("command", "expected"), SHELLS)
def test_the_shell_itself_is_followed(root: Path, command: str, expected: str) -> None:
    assert told(root, command) == expected


def test_each_path_says_why(root: Path) -> None:
    found = SHELL.writes("sed -i s/x/y/ a.py && git checkout . && make", str(root), {})
    assert found == Writes(
        files={f"{root}/a.py": "sed -i writes a.py"},
        trees={str(root): "git checkout changes ."},
        mysteries=("make is not a command whose writes are known",),
    )


def test_a_loop_that_wanders_off_is_not_known(root: Path) -> None:
    found = SHELL.writes("while x; do cd ..; rm a; done", str(root), {})
    assert found.unknown
    assert f"{root}/a" not in found.paths  # it never runs there
    assert str(root.parent / "a") in found.paths


@pytest.mark.parametrize(
    "command",
    [
        "(" * 20_000,
        "$(" * 20_000,
        "{ " * 20_000,
        "'" + "x" * 100_000,
        "bash -c " * 20_000,
        "eval " * 5_000 + "ls",
        "if x; then " * 5_000,
        "( " * 900 + "ls" + " )" * 900,
        " && ".join(["touch a"] * 20_000),
        " | ".join(["tee a"] * 20_000),
        "; ".join(f"touch {number}" for number in range(30_000)),
        "echo " + "{a,b}" * 1_000,
        "echo {1..100000000}",
        "echo " + "{" * 50_000,
        "echo " + "{1..1}" * 10_000,
        "F=x; " + "F=$F$F; " * 60,
        "F=(x y); " + 'F=("${F[@]}" "${F[@]}"); ' * 60,
        "F=" + "x" * 100_000 + "; rm ${F%x*}",
        "for i in {1..1000}; do bash -c '" + "ls;" * 30_000 + "'; done",
        "touch {1..900}; " + "touch *x; " * 9_000,
        "((" + "a[" * 50_000 + "))",
        "node -e '" + "import a." * 20_000 + "'",
        "for i in {1..900}; do for j in {1..900}; do touch $i$j; done; done",
        "f() { f; f; }; f",
        "rm " + "a" * 300_000,
        "rm a\0b",
        "\udcff\ud800 > a",
        "python -c '" + "(" * 50_000 + "'",
        "sed '/" + "[" * 30_000 + "'",
        "perl -e '" + "open(" * 10_000 + "'",
        "cat <<E\n" + "`" * 10_000,
    ],
    ids=lambda command: ascii(command[:20]),
)
def test_nothing_is_too_long_or_too_odd(root: Path, command: str) -> None:
    assert SHELL.writes(command, str(root), {}).unknown


def test_a_long_command_is_read_all_the_same(root: Path) -> None:
    text = "x = 1\n" * 15_000
    assert told(root, f"cat > a.py <<'END'\n{text}END\nrm b.py") == "a.py b.py"
    assert told(root, "touch " + " ".join(f"f{number}" for number in range(10_000))).count("f") == 10_000


def test_hard_work_is_soon_given_up(root: Path) -> None:
    limit_s = 5  # a tenth of that is usual; what went on for ever went on for minutes
    started = time.process_time()
    assert told(root, "ls /*/*/*/*/*/*/*/*/nothing; rm a.py").startswith("a.py")
    assert told(root, "awk '" + '/[a"' * 30_000 + "'; rm a.py") == "a.py"
    assert time.process_time() - started < limit_s


def test_a_program_that_warns_is_read_in_silence(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert told(root, "python -c 'print(\"\\d\")'") == ""
