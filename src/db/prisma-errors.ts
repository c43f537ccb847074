/** The parts of a Prisma error that tell what the database, or the way to it, had to say. */
interface DriverCause {
  kind?: string;
  originalCode?: string;
}

/** The SQLSTATE behind an error of the Prisma client, if the database gave one. */
export function prismaSqlState(error: unknown): string | undefined {
  return driverCause(error)?.originalCode;
}

// Prisma: no pool connection in time (P2024), no transaction in time (P2028), cannot connect (P1…).
const outageCodes = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
]);
const outageKinds = new Set([
  'DatabaseNotReachable',
  'DatabaseDoesNotExist',
  'AuthenticationFailed',
  'ConnectionClosed',
  'SocketTimeout',
  'TlsConnectionError',
  'TooManyConnections',
]);
// Connection exceptions, out of resources, shut down, starting or taking no connections (55000); lost against another transaction; waited too long.
const outageStates = /^(08|53|57P|3D|28)|^(40001|40P01|55000|55P03|57014)$/;

/** Whether the same request may well succeed in a moment: the database is away, overloaded or was busy. */
export function isDatabaseOutage(error: unknown): boolean {
  const cause = driverCause(error);
  if (cause?.kind && outageKinds.has(cause.kind)) return true;
  if (cause?.originalCode && outageStates.test(cause.originalCode)) return true;
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (
    typeof code === 'string' &&
    (outageCodes.has(code) || outageStates.test(code) || /^E(CONN|PIPE|HOST|TIMEDOUT|NOTFOUND)/.test(code))
  )
    return true;
  return (
    error.name === 'PrismaClientInitializationError' ||
    /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(error.message)
  );
}

function driverCause(error: unknown): DriverCause | undefined {
  if (!(error instanceof Error)) return undefined;
  const { meta, cause } = error as {
    meta?: { driverAdapterError?: { cause?: DriverCause } };
    cause?: unknown;
  };
  if (meta?.driverAdapterError?.cause) return meta.driverAdapterError.cause;
  return error.name === 'DriverAdapterError' ? (cause as DriverCause) : undefined;
}
