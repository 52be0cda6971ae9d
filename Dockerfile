# The site and its worker, in one image. compose.yaml builds and runs it; docs/deploy.md says how.
# It has Debian's own Python, as a server without containers has. `--build-arg BASE=debian@sha256:…` pins what it stands on.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS build
# Of PostgreSQL's client only what backups use: the package would bring Perl.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
    && apt-get download "$(apt-cache depends postgresql-client | sed -n 's/.*Depends: \(postgresql-client-[0-9]*\).*/\1/p')" \
    && dpkg-deb --extract postgresql-client-*.deb /postgresql \
    && mkdir /programs \
    && mv /postgresql/usr/lib/postgresql/*/bin/pg_dump /postgresql/usr/lib/postgresql/*/bin/psql /programs
WORKDIR /srv/verdicts
COPY requirements/serve.txt requirements/
# Wheels alone, with the hashes that the file states: nothing is compiled. The image has no pip.
RUN python3 -m venv /pip && python3 -m venv --without-pip /opt/venv \
    && /pip/bin/pip --python /opt/venv/bin/python install --quiet --no-cache-dir --no-compile --require-hashes --no-deps \
        --only-binary :all: -r requirements/serve.txt
COPY . .
# Files of a clone may be its owner's alone. The image is read-only where it runs, so Python could not keep what it compiles.
RUN chmod -R a+rX . \
    && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib verdicts migrations

FROM ${BASE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libpq5 libreadline8t64 python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf/*-old /var/log/* \
    && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin verdicts \
    && install --directory --owner=verdicts --group=verdicts --mode=700 /var/lib/verdicts
COPY --from=build /programs /usr/local/bin
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/verdicts /srv/verdicts
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=1 \
    HOST=0.0.0.0 PORT=8000 INSTANCE_PATH=/var/lib/verdicts
WORKDIR /srv/verdicts
USER verdicts
VOLUME /var/lib/verdicts
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "deploy/ready.py"]
CMD ["python", "-m", "verdicts.cli.serve"]
