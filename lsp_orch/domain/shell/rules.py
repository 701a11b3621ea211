"""The table of commands: what each one writes, and which write nothing.

A program is taken to be what its name says; a name that is in neither table is a mystery. Modes and owners of
files are not their content, so that chmod and chown are harmless, as is a new empty folder.
"""

import posixpath
from collections.abc import Callable, Mapping

from lsp_orch.domain.shell import archives, files, git, patch, programs, streams
from lsp_orch.domain.shell.writes import Call, Effects, Mystery

HARMLESS = frozenset(
    """
    : [ [[ ack ag apropos arch b2sum base32 base64 basename bat batcat bc bg cal cat cd chgrp chmod chown
    cksum clear cmp column comm cut date df diff dig dir dircolors dirname dirs du echo egrep exa exit
    expand expr eza factor false fg fgrep file fmt fold free getconf getent getopts grep groups hash head
    hexdump host hostid hostname id ifconfig join jq kill killall last less ldd let locale locate
    logname look ls lsblk lscpu lsof man md5sum mktemp more netstat nl nm nproc nslookup numfmt objdump od
    paste pathchk pgrep ping pkill popd pr printenv printf ps pstree pushd pwd readarray read mapfile
    readelf readlink realpath return rev rg seq set sha1sum sha224sum sha256sum sha384sum sha512sum shift
    size sleep ss stat strings stty sum sync tac tail test times tokei top tput tr true tsort tty type
    ulimit umask uname unalias unexpand uptime users vmstat w wait wc whatis whereis which who whoami yes
    zcat zgrep
    """.split()
)
_STANDARD = frozenset(("", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/opt/homebrew/bin"))
_TELLING = frozenset(("--version", "--help", "-V"))

RULES: Mapping[str, Callable[[Call], Effects]] = {
    **programs.RULES,
    "awk": streams.edit_fields,
    "bunzip2": archives.pack,
    "bzip2": archives.pack,
    "cp": files.copy,
    "csplit": streams.split,
    "curl": archives.fetch,
    "dd": files.dump,
    "gawk": streams.edit_fields,
    "git": git.git,
    "gsed": streams.edit_stream,
    "gunzip": archives.pack,
    "gzip": archives.pack,
    "iconv": streams.sort,
    "install": files.install,
    "ln": files.link,
    "mawk": streams.edit_fields,
    "mkdir": files.make_folder,
    "mv": files.move,
    "patch": patch.patch,
    "rm": files.remove,
    "rmdir": files.remove_folder,
    "rsync": archives.synchronise,
    "scp": archives.synchronise,
    "sed": streams.edit_stream,
    "shred": files.remove,
    "shuf": streams.sort,
    "sort": streams.sort,
    "split": streams.split,
    "sponge": streams.tee,
    "tar": archives.tape,
    "tee": streams.tee,
    "touch": files.touch,
    "tree": streams.sort,
    "truncate": files.truncate,
    "uniq": streams.second_operand,
    "unlink": files.remove,
    "unxz": archives.pack,
    "unzip": archives.unzip,
    "unzstd": archives.pack,
    "wget": archives.download,
    "xxd": streams.second_operand,
    "xz": archives.pack,
    "zip": archives.zip_up,
    "zstd": archives.pack,
}


def effects(call: Call) -> Effects:
    """What the command does to files; ``call.name`` may be a path to the program."""
    folder, name = posixpath.split(call.name)
    if folder in _STANDARD:
        if name in RULES:
            return RULES[name](Call(name=name, words=call.words, look=call.look, stdin=call.stdin))
        if name in HARMLESS or (len(call.words) == 1 and call.words[0].text in _TELLING):
            return ()
    return [Mystery(f"{call.name} is not a command whose writes are known")]
