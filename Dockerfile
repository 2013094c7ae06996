# syntax=docker/dockerfile:1

# One image for every container of docker-compose.yaml: a Spark driver and its executors must run the same Python,
# PySpark and Java, and Airflow's tasks are the drivers.

# Bookworm by name: the release after it has no Java 17.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS builder

RUN python -m venv /opt/venv
COPY requirements.txt /tmp/
# The last one only a server needs: Airflow talks to PostgreSQL through psycopg2, and through asyncpg where it does not
# wait for the answer.
RUN --mount=type=cache,target=/var/cache/pip \
    PIP_CACHE_DIR=/var/cache/pip /opt/venv/bin/pip install --disable-pip-version-check \
        --requirement /tmp/requirements.txt \
        asyncpg==0.32.0


FROM ${PYTHON_IMAGE}

# Spark's scripts call ps (procps); tini reaps what killed tasks leave behind; curl asks for health.
# Versions are Debian's own: it keeps only the newest of a release, so that a pinned one stops the build one day.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl openjdk-17-jre-headless procps tini \
    && rm -rf /var/lib/apt/lists/*

ARG AIRFLOW_UID=10001
# A new named volume takes owner and mode from the directory it covers: so the lake, the logs and both of passwords
# belong to this user in every container.
RUN useradd --uid ${AIRFLOW_UID} --create-home airflow \
    && install --directory --owner=airflow --group=airflow /opt/airflow /opt/airflow/lake /opt/airflow/logs \
    && install --directory --owner=airflow --group=airflow --mode=700 /opt/airflow/auth /opt/airflow/secrets

COPY --from=builder /opt/venv /opt/venv

# Every path of the image is said here. The lake and the input are where include/deployment/settings.py looks for them by default.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/airflow \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/airflow/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/airflow/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    GX_ANALYTICS_ENABLED=false

# The jars of the lake, which Spark gives to its executors.
COPY include/__init__.py /opt/airflow/include/
COPY include/deployment/__init__.py include/deployment/jars.py /opt/airflow/include/deployment/
RUN python -m include.deployment.jars && chmod -R a+rX /opt/airflow/.jars

# The code comes last, for it changes most, and stays root's: no task rewrites it by mistake.
COPY dags /opt/airflow/dags
COPY include /opt/airflow/include
COPY plugins /opt/airflow/plugins
COPY cli /opt/airflow/cli
COPY spark_jobs /opt/airflow/spark_jobs

# By number, so that a cluster can tell from the image alone that this is not root.
USER ${AIRFLOW_UID}
WORKDIR /opt/airflow
ENTRYPOINT ["tini", "--"]
CMD ["airflow", "api-server"]
# Of the command above; docker-compose.yaml has one for each of its services.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://localhost:8080/api/v2/monitor/health"]
