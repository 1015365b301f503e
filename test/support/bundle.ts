import { execFile, spawnSync } from 'node:child_process';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const PI = ['docker-compose.yml'];
export const LAPTOP = [...PI, 'docker-compose.mock.yml'];

export type Part = 'nginx' | 'app' | 'redis' | 'sidecar';

/** What a command said, once it has ended; its status is 0 unless `run` was told to accept others. */
export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The bundle in a real engine, under a project name of its own: nothing that a developer runs on this machine is touched. */
export class Bundle {
  /** What Compose, and each script that calls it, needs to mean this bundle. Nobody's .env counts. */
  readonly env: Readonly<Record<string, string>>;
  readonly #cwd: string;

  constructor(
    project: string,
    files: readonly string[],
    settings: Readonly<Record<string, string>> = {},
    cwd = ROOT,
  ) {
    this.#cwd = cwd;
    this.env = {
      ...engineEnv(),
      COMPOSE_PROJECT_NAME: project,
      COMPOSE_FILE: files.join(':'),
      COMPOSE_ENV_FILES: devNull,
      ...settings,
    };
  }

  get url(): string {
    const port = this.env.HTTP_PORT ?? '80';
    return port === '80' ? 'http://127.0.0.1' : `http://127.0.0.1:${port}`;
  }

  /** `docker compose …`; what it says, once it has succeeded. */
  async compose(...args: readonly string[]): Promise<string> {
    return (await this.run('docker', ['compose', ...args])).stdout;
  }

  /** Any command, in the bundle's folder and with its settings. */
  run(command: string, args: readonly string[], { fails = false } = {}): Promise<Said> {
    return new Promise((done, failed) => {
      const options = { cwd: this.#cwd, env: { ...this.env }, maxBuffer: 64 * 2 ** 20 };
      execFile(command, [...args], options, (error, stdout, stderr) => {
        const status = error === null ? 0 : Number(error.code ?? -1);
        if (status === 0 || (fails && status > 0)) done({ status, stdout, stderr });
        else failed(new Error(`${command} ${args.join(' ')}: ${status}\n${stdout}${stderr}`));
      }).stdin?.end();
    });
  }

  /** A command inside a part. */
  exec(part: Part, ...command: readonly string[]): Promise<string> {
    return this.compose('exec', '-T', part, ...command);
  }

  /** The ids of a part's containers. */
  async containers(part: Part): Promise<string[]> {
    return (await this.compose('ps', '-q', part)).split('\n').filter((id) => id !== '');
  }

  /** What the engine knows of a part's containers. */
  async inspect(part: Part): Promise<Inspected[]> {
    const ids = await this.containers(part);
    if (ids.length === 0) return [];
    return JSON.parse((await this.run('docker', ['inspect', ...ids])).stdout) as Inspected[];
  }

  /** Takes everything away, what it has kept too. */
  async remove(): Promise<void> {
    await this.compose('down', '--volumes', '--remove-orphans', '--timeout', '2');
  }
}

/** The bundle of a suite, on the ports that the environment says; where it says none, on those that a user would have. */
export function suiteBundle(
  files: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  cwd = ROOT,
): Bundle {
  const { COMPOSE_PROJECT_NAME: project = 'pinstream-test', HTTP_PORT, REDIS_PORT } = process.env;
  const ports = { ...(HTTP_PORT && { HTTP_PORT }), ...(REDIS_PORT && { REDIS_PORT }) };
  return new Bundle(project, files, { ...ports, ...settings }, cwd);
}

/** The parts of `docker inspect` that matter here. */
export interface Inspected {
  readonly Id: string;
  readonly Image: string;
  readonly State: {
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Health?: { readonly Status: string };
  };
  readonly RestartCount: number;
  readonly Config: { readonly User: string; readonly Env: readonly string[] };
  readonly HostConfig: {
    readonly Privileged: boolean;
    readonly ReadonlyRootfs: boolean;
    readonly CapAdd: readonly string[] | null;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Memory: number;
    readonly Devices: readonly { readonly PathOnHost: string }[] | null;
    readonly GroupAdd: readonly string[] | null;
    readonly RestartPolicy: { readonly Name: string };
    readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
    readonly PortBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>> | null;
    readonly PidsLimit: number | null;
  };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
}

/** What the docker command needs of our own environment, and nothing else of it. */
export function engineEnv(): Record<string, string> {
  const names = ['PATH', 'HOME', 'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'XDG_RUNTIME_DIR'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Fails with a sentence where there is no engine. */
export function needsEngine(): void {
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    env: engineEnv(),
    encoding: 'utf8',
  });
  if (asked.status !== 0)
    throw new Error(
      'This test needs a Docker engine that answers `docker version`: start it, or set DOCKER_HOST to where it is.',
    );
}
