"""What other lists call the columns of users, in the languages and exports that administrators have."""

from __future__ import annotations

import re
from collections.abc import Collection

from labvpn.model.wording import nearest, unknown

SYNONYMS = {
    "name": "user username userid login loginname logon account accountname id uid samaccountname "
    "userprincipalname 名前 ユーザー ユーザ ユーザー名 ユーザ名 ユーザーid アカウント アカウント名 "
    "ログイン名 用户 用户名 账号 帐号 账户 登录名 使用者 使用者名稱 帳號 아이디 사용자 사용자명 "
    "사용자이름 계정 benutzer benutzername anmeldename kennung utilisateur identifiant compte usuario "
    "nombredeusuario utente nomeutente utilizador пользователь логин użytkownik uživatel felhasználó "
    "kullanıcı",
    "realname": "fullname displayname person 氏名 本名 実名 表示名 姓名 全名 真实姓名 이름 성명 실명 vollername "
    "anzeigename nomcomplet nometprénom nomprénom nombrecompleto nombreyapellidos nomecompleto "
    "nomecognome фио имя",
    "note": "notes comment comments remark remarks description memo 備考 メモ 説明 注記 コメント 备注 備註 说明 "
    "비고 메모 bemerkung bemerkungen notiz kommentar anmerkung beschreibung commentaire remarque nota "
    "notas observaciones comentario osservazioni примечание комментарий",
    "expires": "expiry expire expiration expirydate expirationdate end enddate until validuntil validto "
    "accountexpires 期限 有効期限 終了日 利用期限 到期 到期日 到期时间 过期时间 有效期 失效日期 만료 "
    "만료일 유효기간 gültigbis ablauf ablaufdatum enddatum dateexpiration datedexpiration datefin "
    "expiración caducidad fechadeexpiración scadenza datascadenza срок",
    "group": "groups role 所属 グループ グループ名 组 群组 組 그룹 gruppe groupe grupo gruppo группа",
    "hub": "virtualhub vhub ハブ 仮想ハブ",
    "clients": "client クライアント",
    "devices": "device mac macaddress 端末",
}
"""What others call a column, without blanks and in lower case."""

PASSWORDS = (
    "password passwords passwd pwd passphrase secret パスワード 暗証番号 密码 密碼 口令 비밀번호 암호 "
    "passwort kennwort motdepasse contraseña clave senha hasło heslo jelszó пароль şifre"
)
PARTS = (
    "firstname givenname forename lastname surname familyname middlename 姓 名 성 vorname nachname "
    "familienname nom prénom prenom nombre apellido apellidos nome cognome sobrenome фамилия"
)
ADDRESSES = (
    "email mail emailaddress mailaddress primaryemail メール メールアドレス 邮箱 电子邮件 電子郵件 이메일 "
    "메일 emailadresse courriel adressemail correo correoelectrónico почта"
)

NOT_HERE = (
    (
        PASSWORDS,
        "this file has no passwords, and those in it can be read by everyone who can read it; take the column out, "
        "and set a new one for each by `pulumi config set --secret --path passwords.NAME`, or leave it to be derived",
    ),
    (PARTS, "a name has one column here; write both parts into `realName`"),
    (ADDRESSES, "there is no such column; call it `name` if users log in by it, or else `note`"),
)
"""Columns of others that are none of these by another name, and what to do with them."""

SURE = 0.85
"""How alike a column's name has to be to one of ours: among so many, some name is always a little like it."""


def meant(column: str, known: Collection[str]) -> str:
    """What a column of another name is, or what to do with it; empty where it is not understood at all."""
    # Google's exports add [Required] to a name, forms a star.
    folded = re.sub(r"\[.*\]|[\s_()（）.:*/-]", "", column).lower()
    for words, remedy in NOT_HERE:
        if nearest(folded, words.split(), SURE):
            return remedy
    synonym = next((name for name, words in SYNONYMS.items() if folded in words.split()), folded)
    near = nearest(synonym, known, SURE)
    return f"there is no such column; did you mean '{near}'?" if near else ""


def unknown_column(column: str, known: Collection[str]) -> str:
    """What to say of a column that is none of those known."""
    return meant(column, known) or unknown("", known, "column")
