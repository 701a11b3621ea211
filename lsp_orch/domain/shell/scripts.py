"""What one-line programs of sed, awk, perl, ruby and node write, as far as simple means can tell.

A program is harmless only when nothing in it could write. A variable of the shell inside of a program (shown
as an ellipsis) stands for data, not for a command.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_orch.domain.shell.writes import UNKNOWN, File, Known, Mystery, Word

Found = Iterator[File | Mystery]

_BRACKET = r"\[\^?\]?(?:\[:\w{1,9}:\]|[^\]]){0,300}+\]"
_ADDRESS = rf"(?:\d+(?:~\d+)?|\$|{UNKNOWN}|/(?:\\.|{_BRACKET}|[^/\\\n\[])*+/[IM]*)"
_ADDRESSES = re.compile(rf"[\s;]*(?:{_ADDRESS}\s*(?:,\s*(?:{_ADDRESS}|[+~]\d+)\s*)?)?!?\s*")
_SED_PLAIN = re.compile(
    r"#[^\n]*|[{}=dDgGhHnNpPxzF]|[lqQL]\s*\d*|[btT:]\s*[^;\n}]*|[aic](?:\\\n|.)*|[rR]\s*[^\n]*"
)
_SED_WRITE = re.compile(r"[wW]\s*([^\n]+)")
_SED_REPLACE = re.compile(
    rf"s([^\\\n])(?:\\.|{_BRACKET}|(?!\1)[^\\\[])*+\1(?:\\.|(?!\1)[^\\])*\1([gpiImMe0-9]*)(?:w\s*([^\n]+))?",
    re.DOTALL,
)
_SED_MAP = re.compile(r"y([^\\\n])(?:\\.|(?!\1)[^\\])*\1(?:\\.|(?!\1)[^\\])*\1", re.DOTALL)


def sed(script: Word) -> Found:
    """Files that the script writes by ``w``; a mystery when it runs commands or is not understood."""
    text, at = script.text, 0
    if not script.exact and text == UNKNOWN:
        yield Mystery("sed runs a script that is not known")
        return
    while at < len(text):
        at += len(addresses[0]) if (addresses := _ADDRESSES.match(text, at)) else 0
        if at == len(text):
            return
        if plain := _SED_PLAIN.match(text, at) or _SED_MAP.match(text, at):
            at = plain.end()
        elif (write := _SED_WRITE.match(text, at)) and not text.startswith("s", at):
            yield _written(write[1].strip())
            at = write.end()
        elif (replace := _SED_REPLACE.match(text, at)) and "e" not in replace[2]:
            if replace[3]:
                yield _written(replace[3].strip())
            at = replace.end()
        else:
            yield Mystery("sed runs a script that is not understood, or commands")
            return


def _written(path: str) -> File:
    return File(Word(path, Known.ONE if UNKNOWN in path else Known.EXACTLY))


_AWK_TOKEN = re.compile(
    r'"(?P<string>(?:\\.|[^"\\])*)"|(?P<regex>/(?:\\.|\[(?:\\.|[^\]]){0,300}+\]|[^/\\\n\[])++/)|#[^\n]*|.',
    re.DOTALL,
)
_AWK_COMMAND = re.compile(r"system\s*\(|(?<!\|)\|(?!\|)|@")
_AWK_OUTPUT = re.compile(r">>?(?!=)\s*(?P<name>\x00(?P<at>\d+)\x00(?=\s*(?:[;}\n]|$)))?")
_AWK_STATEMENT = re.compile(r"[;{}]|(?<![,&|\\])\n")


def awk(program: Word) -> Found:
    """Files that the program prints into; a mystery when it runs commands or computes a file's name."""
    strings: list[str] = []
    bare = _bare_awk(program.text, strings)
    if program.text == UNKNOWN or _AWK_COMMAND.search(bare):
        yield Mystery("awk runs a command, or a program that is not known")
    for output in _AWK_OUTPUT.finditer(bare):
        if output["name"] and "\\" not in (name := strings[int(output["at"])]):
            yield _written(name)
        elif "print" in _AWK_STATEMENT.split(bare[: output.start()])[-1]:
            yield Mystery("awk prints into a file whose name is not known")


def _bare_awk(text: str, strings: list[str]) -> str:
    """The program without the insides of its strings, which go to ``strings``, of regexes and comments."""
    bare, before = [], ""
    at = 0
    while match := _AWK_TOKEN.match(text, at):
        part, at = match[0], match.end()
        if match["regex"] and before not in "(~!,&|{};?:\n":
            part, at = "/", match.start() + 1  # a division
        if match["string"] is not None:
            strings.append(match["string"])
            part = f"\x00{len(strings) - 1}\x00"
        elif match["regex"] and part != "/":
            part = "0"
        elif part.startswith("#"):
            continue
        before = part if part == "\n" else (part.strip() or before)
        bare.append(part)
    return "".join(bare)


@dataclass(frozen=True, slots=True)
class Tongue:
    """How to tell whether a one-line program could write.

    ``writes`` finds a writing call with a literal path (group ``path``); what is left of the program must
    not match ``dangers``, and may ``load`` (group ``name``) only what is ``safe``.
    """

    writes: re.Pattern[str]
    dangers: re.Pattern[str]
    load: re.Pattern[str]
    safe: frozenset[str]


_QUOTED = r"""(['"`])(?P<path>(?:(?!\1)[^\\$#])+)\1"""
_NODE = Tongue(
    writes=re.compile(
        rf"\b(?:writeFile|appendFile|unlink|truncate|createWriteStream|writeFileSync"
        rf"|appendFileSync|unlinkSync|truncateSync)\s*\(\s*{_QUOTED}(?=\s*[,)])"
    ),
    dangers=re.compile(
        r"\b(?:write(?!\b)\w*|append\w*|unlink\w*|truncate\w*|rename\w*|copyFile\w*|cp|cpSync|rm|rmSync|rmdir\w*|mkdtemp\w*"
        r"|symlink\w*|link|linkSync|open|openSync|createWriteStream|promises|child_process|exec\w*|spawn\w*|fork"
        r"|eval|Function|constructor|binding|dlopen|vm|Worker|globalThis|mainModule|utimes\w*|chmod\w*)\b"
        r"|\bgetBuiltinModule\b|\b(?:fs|process)\s*\[|\\[ux]"
    ),
    load=re.compile(
        r"""(?:\brequire|\bimport)\b\s*\(?\s*(?:[^'"()]{0,200}?\bfrom\s*)?(?:['"`](?P<name>[^'"`]*)['"`])?"""
    ),
    safe=frozenset({"fs", "path", "util", "url", "os", "crypto", "assert", "querystring", "zlib", "buffer"}),
)
_PERL = Tongue(
    writes=re.compile(
        rf"\bopen\s*\(?\s*(?:my\s+)?[$\w]+\s*,\s*['\"]\s*>{{1,2}}(?::\w+)?\s*['\"]\s*,\s*{_QUOTED}(?=\s*(?:[);]|or\b|\|\|))"
    ),
    dangers=re.compile(
        r"\b(?:open|sysopen|system|exec|qx|unlink|rename|eval|do|truncate|link|symlink|mkdir|rmdir|chmod|utime|"
        r"opendir\w|dbmopen|syscall|fork|tie|inplace|write_file|spew\w*|path|copy|move|readpipe)\b"
        r"|`|\$\^I|\|\s*['\"]"
        r"|/[a-z]{0,8}e[a-z]{0,8}e[a-z]{0,8}\s{0,8}(?:[;}]|$)"
    ),
    load=re.compile(r"\b(?:use|require|no)\s+(?P<name>[\w:.]+)"),
    safe=frozenset(
        "strict warnings utf8 feature open integer bigint JSON::PP Data::Dumper List::Util POSIX Encode "
        "Time::Local Time::HiRes Scalar::Util MIME::Base64 Digest::MD5 Digest::SHA".split()
    ),
)
_RUBY = Tongue(
    writes=re.compile(rf"\b(?:File|IO)\.(?:write|binwrite)\s*\(?\s*{_QUOTED}(?=\s*,)"),
    dangers=re.compile(
        r"\b(?:write|binwrite|open|system|exec|spawn|fork|popen\w*|eval|\w+_eval|send|__send__|public_send|delete"
        r"|unlink|rename|truncate|symlink|link|mkdir|rmdir|FileUtils|Tempfile|syscall|load|method|const_get|inplace_mode|"
        r"instance_exec|copy_stream|chmod|utime|Pathname|reopen)\b|\b(?:File|IO)\.new\b|`|%x|\\u"
    ),
    load=re.compile(r"""\b(?:require|require_relative|autoload)\b\s*\(?\s*(?:['"](?P<name>[^'"]*)['"])?"""),
    safe=frozenset(
        {"json", "yaml", "date", "set", "time", "pp", "csv", "digest", "bigdecimal", "uri", "securerandom"}
    ),
)
_TONGUES = {"node": _NODE, "perl": _PERL, "ruby": _RUBY}


def scan(language: str, program: Word) -> Found:
    """What a one-line program in ``node``, ``perl`` or ``ruby`` writes."""
    tongue = _TONGUES[language]
    for match in tongue.writes.finditer(program.text):
        yield _written(match["path"])
    rest = tongue.writes.sub("", program.text)
    loaded = {_module(match["name"]) for match in tongue.load.finditer(rest)}
    if (
        tongue.dangers.search(tongue.load.sub("", rest))
        or not loaded <= tongue.safe
        or program.text == UNKNOWN
    ):
        yield Mystery(f"{language} runs a program that may write")


def _module(name: str | None) -> str:
    plain = (name or "?").removeprefix("node:")
    return "path" if plain.endswith(".json") else plain
