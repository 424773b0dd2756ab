"""What is missing or wrong in a site's folder, looked at without the network and without a passphrase."""

import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from firmware_config.ca.authority import (
    HUB_NAME,
    Authority,
    CaError,
    is_locked,
    load_certificate,
)
from firmware_config.ca.folder import BROKER, CRL, DEVICES, HUB, ISSUING, PAGE, ROOT, CaFolder, read
from firmware_config.ca.profile import alternative
from firmware_config.ca.revocation import revoked_serials
from firmware_config.site.findings import Finding, unsaid
from firmware_config.site.folder import SiteFolder
from firmware_config.site.profile import ProfileError, SiteProfile

SOON_DAYS: Final = 60
_ANOTHER_SITE: Final = (
    "请用 provision site init 另建一个站点，给每台设备换卡",
    "begin another site with `provision site init`, and give each device a new card",
)


def findings(folder: SiteFolder, *, now: datetime, soon_days: int = SOON_DAYS) -> list[Finding]:
    """All of them, the worst first. Certificates that end within `soon_days` are among them."""
    try:
        site = folder.read()
    except ProfileError as error:
        return [unsaid("no_site", str(folder.path), mistake) for mistake in error.mistakes]
    soon = timedelta(days=soon_days)
    found = [*_open_to_others(folder), *_root(folder), *_authority(folder, now=now, soon=soon)]
    try:
        issuing = folder.certificates.issuing()
    except CaError as error:
        return _sorted([*found, unsaid("issuing", ISSUING, str(error))])
    for name in (BROKER, HUB, PAGE, *(f"{DEVICES}/{watchdog}" for watchdog in site.watchdogs)):
        found += _leaf(folder.certificates, issuing, site, name, now=now, soon=soon)
    found += _list(folder, issuing)
    found += [_outdated(path) for path in folder.outdated()]
    return _sorted(found)


def _sorted(found: list[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: not one.serious)


def _open_to_others(folder: SiteFolder) -> Iterator[Finding]:
    keys = [*folder.path.glob("*.key"), *folder.path.glob(f"{DEVICES}/*.key"), *folder.path.glob("old/*.key")]
    for path in sorted([folder.path, *keys]):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            right = "700" if path == folder.path else "600"
            yield Finding(
                code="mode",
                about=str(path),
                zh=f"{path} 别人也能看（{mode:o}）：chmod {right} {path}",
                en=f"others may read {path} (mode {mode:o}): chmod {right} {path}",
            )


def _root(folder: SiteFolder) -> Iterator[Finding]:
    path = folder.root_key
    try:
        key = path.read_bytes()
    except OSError:
        return  # as it should be
    if not is_locked(key):
        yield Finding(
            code="root_unlocked",
            about=str(path),
            zh=f"{path} 没有密码保护：拿到它的人能冒充整个站点；请作废这个站点，重新建",
            en=f"{path} has no passphrase: who copies it is this site. Begin another site, and destroy this key",
        )
    yield Finding(
        code="root_here",
        about=str(path),
        zh=f"根密钥还在这里：把 {path} 移到两个 U 盘上，分开锁好；平时用不到它",
        en=f"the root's key still lies here: move {path} onto two USB sticks in two drawers; nothing daily needs it",
        serious=False,
    )


def _authority(folder: SiteFolder, *, now: datetime, soon: timedelta) -> Iterator[Finding]:
    try:
        root, issuing = (load_certificate(read(folder.certificates.files(name)[0])) for name in (ROOT, ISSUING))
    except CaError as error:
        yield unsaid("authority", ROOT, str(error))
        return
    for name, certificate in ((ROOT, root), (ISSUING, issuing)):
        yield from _dates(name, certificate, now=now, soon=soon, mend=_ANOTHER_SITE)
    try:
        issuing.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        yield Finding(
            code="authority",
            about=ISSUING,
            zh="issuing.pem 不是 root.pem 签发的：文件来自两个站点",
            en="issuing.pem was not issued by root.pem: these are files of two sites",
        )


def _leaf(
    folder: CaFolder, issuing: Authority, site: SiteProfile, name: str, *, now: datetime, soon: timedelta
) -> Iterator[Finding]:
    try:
        pair = folder.pair(name)
        chain = x509.load_pem_x509_certificates(pair.certificate)
        key = serialization.load_pem_private_key(pair.key, None)
    except CaError as error:
        yield unsaid("missing", name, str(error))
        return
    except (ValueError, TypeError) as error:
        yield unsaid("unreadable", name, f"{name}: {error}")
        return
    certificate = chain[0]
    if key.public_key() != certificate.public_key():
        yield _wrong(name, "key", "证书和密钥不是一对", "certificate and key do not belong together")
    if chain[1:] != [issuing.certificate] or not _issued_by(issuing, certificate):
        yield _wrong(
            name, "chain", "不是本站签发的，或缺了中间证书", "not issued here, or without issuing.pem behind it"
        )
    yield from _names(site, name, certificate)
    mend = f"provision site renew DIR {name.removeprefix(f'{DEVICES}/')}"
    yield from _dates(name, certificate, now=now, soon=soon, mend=(mend, mend))


def _names(site: SiteProfile, name: str, certificate: x509.Certificate) -> Iterator[Finding]:
    wanted = {BROKER: site.broker_names, PAGE: site.page_names}.get(name)
    if wanted is None:
        called = HUB_NAME if name == HUB else name.removeprefix(f"{DEVICES}/")
        if [one.value for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] != [called]:
            yield _wrong(name, "name", f"证书不是 {called} 的", f"the certificate is not one for {called}")
        return
    try:
        held = set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        held = set()
    missing = [host for host in wanted if alternative(host) not in held]
    if missing:
        hosts, mend = ", ".join(missing), f"provision site renew DIR {name}"
        yield _wrong(name, "name", f"证书里没有 {hosts}：{mend}", f"the certificate is not for {hosts}: {mend}")


def _dates(
    name: str, certificate: x509.Certificate, *, now: datetime, soon: timedelta, mend: tuple[str, str]
) -> Iterator[Finding]:
    """`mend`: what to do, in Chinese and in English."""
    ends, (zh, en) = certificate.not_valid_after_utc, mend
    if now >= ends:
        yield _wrong(name, "expired", f"{ends:%Y-%m-%d} 已过期：{zh}", f"expired on {ends:%Y-%m-%d}: {en}")
    elif now >= ends - soon:
        days = (ends - now).days
        yield _wrong(name, "expires", f"还有 {days} 天到期：{zh}", f"ends in {days} days: {en}", serious=False)
    if now < certificate.not_valid_before_utc:
        yield _wrong(
            name, "not_yet", "还没有生效：这台电脑的时钟不对？", "not yet valid: is this machine's clock right?"
        )


def _wrong(name: str, code: str, zh: str, en: str, *, serious: bool = True) -> Finding:
    return Finding(code=code, about=f"{name}.pem", zh=f"{name}.pem：{zh}", en=f"{name}.pem: {en}", serious=serious)


def _list(folder: SiteFolder, issuing: Authority) -> Iterator[Finding]:
    try:
        revoked_serials(issuing, read(folder.path / CRL))
    except CaError as error:
        yield unsaid("crl", CRL, f"{CRL}: {error}")


def _outdated(path: Path) -> Finding:
    return Finding(
        code="files",
        about=str(path),
        zh=f"{path} 缺少，或和 site.toml 不一致：provision site init DIR",
        en=f"{path} is missing, or not what site.toml says now: provision site init DIR",
    )


def _issued_by(issuing: Authority, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuing.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
