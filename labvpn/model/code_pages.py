"""Which of the code pages of one byte a text may be in: what Excel writes differs from country to country."""

from __future__ import annotations

import re

COMMON = "äöüßé"
"""Letters of foreign names that every list may have."""

WESTERN = (
    *("àâæçèêëîïôœùûÿ", "áíñóúªº", "áâãàçêíóôõú", "àèìíîòóùú", "æøåòóô", "åàšž", "áðíóúýþæ", "ëïèêóáíúàôçî"),
    "àçèíïòóú·",
)
"""The letters of each language that CP1252 is for, beside ASCII and the common ones."""

OTHERS = {
    "cp1250": ("ąćęłńóśźż", "áčďěíňóřšťúůýž", "áčďíĺľňóôŕšťúýž", "áíóőúű", "čćđšž", "ăâîşţ", "ëç"),
    "cp1254": ("çğıİşâîû",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūžōŗ", "õšž"),
}
"""The same of Excel's other code pages for Latin letters: Central Europe, Turkey, the Baltic countries."""

NEVER = {
    # Polish writes ni before a vowel; Slovak ŕ and ĺ stand for vowels; Romanian and Czech have no such sequences.
    "cp1250": "ń[aeiouóy]|ř(?:r|ll|nn|dd|gg|tt|ss|kk)|ă[oe]|[ŕĺ](?![^\\Waeiouyáéíóúý])|(?<![^\\Waeiouyáéíóúý])[ŕĺ]",
    # Turkish ğ comes behind a vowel.
    "cp1254": "(?<![aeıioöuüâîû])ğ",
    # Inside a word, Lithuanian has its nasal vowels before s, š, z and ž alone; Latvian ķ is a consonant.
    "cp1257": r"(?<=\w)(?<!\bs)[ąęįų](?=[bcčdfghklmnprtv])|[bcdfghklmnprstvz]ķ[bcčdfghklmnprstvz]|ē[aoueāūō]",
}
"""Sequences of letters that no word has in any of their languages."""

KNOWN = (
    "à å sørensen søren møller mortensen ærø kjær bæk næss sæther mærsk lærke præst bjørg bjørk ødegård østergaard "
    "østby høj højer bøgh sørby røed løken nygård ågren håkan håvard mårten måns pål pär lång ståhl skår strömstad "
    "åse gård blåbær grønland københavn søndergaard thorbjørn tromsø aarø öberg "
    "hélène adèle geneviève irène thérèse marlène solène lefèvre barrère molière rivière lemaître benoît françois "
    "françoise garçon français française gonçalves gonçalo conceição lourenço loïc anaïs maïté "
    "aïcha moïse zoë chloë noëlle noël joël gaëlle raphaël michaël israël citroën daniël chloé besançon mère père "
    "frère bibliothèque première dernière élève étudiante côté château hôtel forêt fête être naïf maçon façade reçu "
    "íñigo ibáñez ordóñez yáñez "
    "maría garcía sofía lucía díaz víctor josé andrés jesús raúl rocío elías matías tobías macías farías mejía "
    "joão magalhães guimarães sebastião simões camões são irmão mãe antônio luís inês mendonça "
    "niccolò nicolò università città società virtù giosuè mosè cantù dalì "
    "davíð þorsteinn þorvaldur þorgeir þorbjörg þorlákur sigurður sigurðsson sigurðardóttir guðmundur guðmundsson "
    "ragnheiður heiða steinþór hafþór æsa ægir bæring þór "
    "tõnu õnne jõgi põld mõttus rõõm"
)
"""Names and words as they are in CP1252; a file that has one is not in a code page that reads it otherwise."""

_KNOWN = frozenset(KNOWN.split())
"""The same, to look a word up."""

SCRIPTS = {
    "[А-Яа-яЁёІіЇїЄєҐґ]+": ("cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic"),
    "[Ά-ώ]+": ("cp1253", "iso8859_7"),
    "[א-ת]+": ("cp1255",),
    "[ء-غف-يپچژکگ]+": ("cp1256",),
    "[ก-๎]+": ("cp874",),
}
"""The letters of other scripts, and the encodings of one byte that have them."""

SIGNS = re.compile("[\u00a0«»“”„–—]")
WORD = re.compile(r"[^\W\d_]+")


def may_be_of_another_script(data: bytes) -> bool:
    """Whether everything beyond ASCII makes words of Cyrillic, Greek, Hebrew, Arabic or Thai letters."""
    return any(
        _is_of_script(text, letters)
        for letters, codecs in SCRIPTS.items()
        for codec in codecs
        if (text := _tried(data, codec)) is not None
    )


def _is_of_script(text: str, letters: str) -> bool:
    words = re.findall(rf"(?<![A-Za-z]){letters}(?![A-Za-z])", text)
    rest = SIGNS.sub("", re.sub(rf"(?<![A-Za-z]){letters}(?![A-Za-z])", "", text))
    return (
        bool(words)
        and rest.isascii()
        and all(word in (word.lower(), word.upper(), word.capitalize()) for word in words)
    )


def is_known(word: str) -> bool:
    """Whether a word is one of those that are in CP1252 for certain."""
    return word.lower() in _KNOWN


def is_western_alone(text: str, data: bytes) -> bool:
    """Whether a text of CP1252 reads alike in Excel's other code pages, or its words are of none of theirs."""
    others = {codec: other for codec in OTHERS if (other := _tried(data, codec)) is not None}
    read = {codec: _differing(text, other) for codec, other in others.items()}
    return all(
        not pairs
        or (
            all(_fits(one, WESTERN) for one, _ in pairs)
            and any(is_known(one) or not _may_be(other, codec) for one, other in pairs)
        )
        for codec, pairs in read.items()
    )


def _differing(text: str, other: str) -> list[tuple[str, str]]:
    """The words that another code page reads otherwise, each with how it reads them: both have a byte a character."""
    words = [(found[0], other[found.start() : found.end()]) for found in WORD.finditer(text)]
    return [(one, there) for one, there in words if one != there]


def _may_be(word: str, codec: str) -> bool:
    return _fits(word, OTHERS[codec]) and re.search(NEVER[codec], _small(word)) is None


def _fits(word: str, alphabets: tuple[str, ...]) -> bool:
    """Whether one of the languages has all letters of a word."""
    beyond = {letter for letter in _small(word) if not letter.isascii()} - {*COMMON}
    return any(beyond <= {*alphabet} for alphabet in alphabets)


def _small(word: str) -> str:
    # Python makes two characters of the Turkish capital İ.
    return word.replace("İ", "i").lower()


def _tried(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None
