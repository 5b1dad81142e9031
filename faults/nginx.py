"""The proxy of `deploy/nginx` before a running hotline, as the file there says, under TLS."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hotline.embedded.ports import free_ports

PROJECT: Final = Path(__file__).parents[1]
TEMPLATE: Final = PROJECT / "deploy" / "nginx" / "estateline.conf.template"
UNPACKED: Final = PROJECT / "build" / "nginx" / "usr" / "sbin" / "nginx"
"""Where `deploy/setup.sh faults` puts Debian's."""
DOMAIN: Final = "hotline.example"
START_SECONDS: Final = 10.0
MAIN: Final = Template("""\
daemon off;
pid $folder/nginx.pid;
error_log $folder/error.log warn;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    include $folder/estateline.conf;
}
""")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy: its port on 127.0.0.1, and whom its clients trust."""

    port: int
    trust: ssl.SSLContext

    @staticmethod
    def name(service: str) -> str:
        """What a service is called from outside."""
        return f"{service}.{DOMAIN}"


@asynccontextmanager
async def running_nginx(folder: Path, services: Mapping[str, str]) -> AsyncIterator[Proxy]:
    """Run it before these services while the block lasts; raises FileNotFoundError without one."""
    port = free_ports(1)[0]
    certificate, key = _certificate(folder)
    told = {
        "HOTLINE_PROXY_LISTEN": f"127.0.0.1:{port}",
        "HOTLINE_PROXY_CERTIFICATE": str(certificate),
        "HOTLINE_PROXY_KEY": str(key),
        **{f"HOTLINE_PROXY_{name.upper()}_NAME": Proxy.name(name) for name in services},
        **{f"HOTLINE_PROXY_{name.upper()}_TO": address for name, address in services.items()},
    }
    (folder / "estateline.conf").write_text(filled_in(told), "utf-8")
    main = folder / "nginx.conf"
    # As root its workers would be somebody who may not enter this folder.
    user = "user root;\n" if os.getuid() == 0 else ""
    main.write_text(user + MAIN.substitute(folder=folder), "utf-8")
    process = await asyncio.create_subprocess_exec(
        required(), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(main)
    )
    try:
        await _until_listening(process, port, folder)
        yield Proxy(port, ssl.create_default_context(cafile=str(certificate)))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def filled_in(variables: Mapping[str, str]) -> str:
    """The configuration as `envsubst` makes it: nginx's own variables stay."""
    text = TEMPLATE.read_text("utf-8")
    for name, value in variables.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def required() -> Path:
    """Debian's nginx, installed or unpacked; a sentence that says what unpacks it otherwise."""
    found = shutil.which("nginx") or (UNPACKED if UNPACKED.exists() else None)
    if found is None:
        raise FileNotFoundError("nginx is not there: deploy/setup.sh faults")
    return Path(found)


async def _until_listening(process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            if process.returncode is not None:
                said = await asyncio.to_thread((folder / "error.log").read_text, "utf-8")
                raise RuntimeError(f"nginx does not take the configuration: {said}")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _certificate(folder: Path) -> tuple[Path, Path]:
    """One that its clients trust by name, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{DOMAIN}")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.touch(mode=0o600)
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, secret
