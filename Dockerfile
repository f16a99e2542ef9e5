# tierce on Debian 12 with its python3. As it is, it serves an example on port 8000; FROM it, or COPY --from it
# (examples/seed/Dockerfile), to serve yours.
#   docker build -t tierce . && docker run --rm -p 8000:8000 tierce
FROM debian:bookworm-slim AS build
COPY tools/deps.sh /src/tools/deps.sh
RUN /src/tools/deps.sh build
COPY . /src
WORKDIR /src
RUN cmake --preset release -DTIERCE_TESTS=OFF -DTIERCE_PYTHONS=/usr/bin/python3 \
 && cmake --build --preset release --target tierce_installed \
 && python3 tools/man_pages.py build/release/tierce build/release/man \
 && DESTDIR=/out cmake --install build/release --strip --prefix /usr/local

FROM debian:bookworm-slim
COPY --from=build /out/ /
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 $(cat /usr/local/share/tierce/runtime_packages.txt) \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin tierce
COPY packaging/image/tierce.conf /etc/tierce/tierce.conf
USER tierce
EXPOSE 8000
# TERM finishes what runs; nothing is killed that could still answer.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
# One tree of processes: tierce is PID 1, reaps orphans and ends with the application's status.
ENTRYPOINT ["tierce"]
CMD ["up", "-c", "/etc/tierce/tierce.conf"]
