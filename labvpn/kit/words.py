"""The sheet's sentences, in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "ja")

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Dialling in to the lab",
        "for": "For",
        "server": "Server",
        "name": "Name",
        "password": "Password",
        "password_apart": "is given to you separately from this sheet",
        "password_kept": "stays the one that you have",
        "code": "Key of the codes",
        "code_apart": "is given to you separately, as a QR code for an authenticator app",
        "code_scan": "For the authenticator app",
        "code_heading": "Password and code",
        "code_app": "Once before: install an authenticator app on your phone (Google Authenticator, Microsoft "
        "Authenticator, Aegis or another) and let it scan the QR code, or type the key there.",
        "code_typed": "At each login, type the six digits that the app shows right behind your password, without a "
        "blank: with the password apple and the code 123456, apple123456. Type your name as it is written above, and "
        "let no device save this.",
        "code_once": "A code is good once. To log in again, wait for the next one (30 seconds). If your phone is lost, "
        "tell your administrator at once.",
        "certificate_login": "you log in by your certificate, without a password",
        "psk": "Pre-shared key (IPsec)",
        "psk_apart": "is given to you separately from this sheet",
        "hub": "Virtual hub",
        "until": "Valid until",
        "limit": "A connection ends by itself after {minutes} minutes; dial again if you still need it.",
        "limit_seconds": "A connection ends by itself after {seconds} seconds; dial again if you still need it.",
        "scan": "Scan it instead of typing",
        "order": "Which way to try first",
        "order_tethering": "At home, or tethered to a phone, try these in order; the next one if a dial fails:",
        "way_l2tp": "L2TP/IPsec: built into Mac, iPhone, iPad and Windows, no app needed (UDP 500 and 4500)",
        "way_openvpn": "OpenVPN over TCP 443: passes where only web pages do; needs an app",
        "way_openvpn_other": "OpenVPN over {transport} {port}",
        "android": "Android 12 and later has no L2TP: begin with OpenVPN.",
        "android_none": "No way of this lab serves Android 12 and later: dial from another device.",
        "reach": "What you reach",
        "any_port": "every port",
        "way_sstp": "SSTP over TCP 443: built into Windows",
        "way_softether": "SoftEther's own client over TCP {port} (Windows, Linux)",
        "steps": "Steps",
        "mac": "Mac, iPhone, iPad",
        "mac_steps": "Open {file}, then System Settings (iPhone: Settings): Profile Downloaded, Install. "
        "The connection then appears under VPN. Give your password when it asks.",
        "windows": "Windows",
        "windows_l2tp": "Right-click {file}: Run with PowerShell. Then dial from the network icon.",
        "windows_l2tp_admin": "Start PowerShell as administrator, run `{run}`, and restart Windows once.",
        "windows_sstp_known": "If that fails: right-click {file}, Run with PowerShell, and dial SSTP.",
        "windows_sstp": "If that fails: start PowerShell as administrator, run `{run}`, and dial SSTP.",
        "openvpn": "OpenVPN (any system)",
        "openvpn_steps": "Install OpenVPN, import {file}, give name and password.",
        "openvpn_others": "If a network blocks it: {others}.",
        "connect_steps": "The app OpenVPN Connect (phones) takes the files that begin with openvpn-connect.",
        "softether": "SoftEther VPN Client",
        "softether_steps": "Import {file} (Connect, Import VPN Connection Setting), give your password when it asks.",
        "softether_authority": "Once before: Tools, Trusted Certification Authority Certificates, add {file}.",
        "help": "If it does not work, send your administrator the message or the log; "
        "the order above shows which network blocks what.",
    },
    "ja": {
        "title": "研究室への VPN 接続",
        "for": "利用者",
        "server": "サーバー",
        "name": "ユーザー名",
        "password": "パスワード",
        "password_apart": "この用紙とは別にお渡しします",
        "password_kept": "これまでと同じものです",
        "code": "ワンタイムコードのキー",
        "code_apart": "認証アプリ用の QR コードとして、別にお渡しします",
        "code_scan": "認証アプリ用",
        "code_heading": "パスワードとワンタイムコード",
        "code_app": "事前に一度だけ、スマートフォンに認証アプリ（Google Authenticator、Microsoft Authenticator、Aegis "
        "など）を入れ、QR コードを読み取るか、キーを入力します。",
        "code_typed": "接続のたびに、パスワードの直後に、アプリに表示された 6 桁の数字を空白なしで続けて入力します。"
        "例：パスワードが apple、コードが 123456 なら apple123456。ユーザー名は上記のとおりに入力し、"
        "入力した内容は端末に保存しないでください。",
        "code_once": "コードは一度しか使えません。続けて接続し直すときは、次のコード（30 秒ごと）を待ってください。"
        "スマートフォンを紛失したときは、すぐに管理者に連絡してください。",
        "certificate_login": "証明書で接続します（パスワードは不要です）",
        "psk": "事前共有鍵（IPsec）",
        "psk_apart": "この用紙とは別にお渡しします",
        "hub": "仮想 HUB",
        "until": "有効期限",
        "limit": "接続は {minutes} 分で自動的に切れます。続けて使うときは、もう一度接続してください。",
        "limit_seconds": "接続は {seconds} 秒で自動的に切れます。続けて使うときは、もう一度接続してください。",
        "scan": "読み取ると、入力を省略できます",
        "order": "試す順番",
        "order_tethering": "自宅やテザリングでは、上から順に試してください。つながらなければ次へ進みます。",
        "way_l2tp": "L2TP/IPsec：Mac・iPhone・iPad・Windows に内蔵、アプリ不要（UDP 500 と 4500）",
        "way_openvpn": "OpenVPN（TCP 443）：Web サイトしか閲覧できない回線でもつながります（アプリが必要です）",
        "way_openvpn_other": "OpenVPN（{transport} {port}）",
        "android": "Android 12 以降は L2TP に対応していません。OpenVPN から試してください。",
        "android_none": "Android 12 以降で使える接続方法はありません。別の端末から接続してください。",
        "reach": "接続できるサービス",
        "any_port": "すべてのポート",
        "way_sstp": "SSTP（TCP 443）：Windows に内蔵",
        "way_softether": "SoftEther VPN Client（TCP {port}、Windows・Linux）",
        "steps": "設定の手順",
        "mac": "Mac・iPhone・iPad",
        "mac_steps": "{file} を開き、システム設定（iPhone は「設定」）の「プロファイルがダウンロードされました」から"
        "インストールします。VPN の一覧に接続が表示されます。パスワードは接続時に入力します。",
        "windows": "Windows",
        "windows_l2tp": "{file} を右クリックし、「PowerShell で実行」を選択します。"
        "その後、ネットワークのアイコンから接続します。",
        "windows_l2tp_admin": "管理者として PowerShell を開き、`{run}` を実行し、Windows を一度再起動します。",
        "windows_sstp_known": "つながらないときは、{file} を右クリックし、「PowerShell で実行」を選択して、"
        "SSTP で接続します。",
        "windows_sstp": "つながらないときは、管理者として開いた PowerShell で `{run}` を実行し、SSTP で接続します。",
        "openvpn": "OpenVPN（どの OS でも）",
        "openvpn_steps": "OpenVPN に {file} をインポートし、ユーザー名とパスワードを入力します。",
        "openvpn_others": "つながらない回線では：{others}。",
        "connect_steps": "OpenVPN Connect（スマートフォン）では、名前が openvpn-connect で始まるファイルを使います。",
        "softether": "SoftEther VPN Client",
        "softether_steps": "{file} をインポートします（「接続」→「接続設定のインポート」）。"
        "パスワードは接続時に入力します。",
        "softether_authority": "事前に一度だけ、「ツール」の「信頼する証明機関の証明書の管理」で {file} を追加します。",
        "help": "つながらないときは、表示されたメッセージやログを管理者に送ってください。"
        "どの方法まで試したかも、原因を特定する手がかりになります。",
    },
}
