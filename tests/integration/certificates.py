"""Certificates for tests, made by openssl as people make them."""

import ssl
import subprocess


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Certificate:
    """A self-signed certificate for localhost with its key: files `certificate` and `key`, PEM."""

    def __init__(self, directory, name="localhost"):
        directory.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = directory / f"{name}.crt", directory / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                 "-keyout", self.key, "-out", self.certificate, "-subj", f"/CN={name}",
                 "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")

    @property
    def options(self):
        return ["--certfile", self.certificate, "--keyfile", self.key]

    def client(self, shown=None, **settings):
        """A client's context that trusts this certificate; `shown`: the Certificate it shows itself."""
        context = ssl.create_default_context(cafile=self.certificate)
        if shown:
            context.load_cert_chain(shown.certificate, shown.key)
        for name, value in settings.items():
            setattr(context, name, value)
        return context
