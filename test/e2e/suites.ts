/** Every suite, how long it takes, and whether it may have another beside it. */
import type { Verdict } from "./checks.ts";
import { runDashboardSuite } from "./dashboard/suite.ts";
import { runDashboardDemoSuite } from "./dashboard-demo/suite.ts";
import { runDialectsSuite } from "./dialects/suite.ts";
import { runKillSuite } from "./exactness/kill.ts";
import { runMalformedSuite } from "./exactness/malformed.ts";
import { runQuantileSuite } from "./exactness/quantiles.ts";
import { runStreamSuite } from "./exactness/stream.ts";
import { runFleetSuite } from "./fleet/suite.ts";
import { runFormatsSuite } from "./formats/suite.ts";
import { runConformanceSuite } from "./gateway/conformance.ts";
import { runExactnessSuite } from "./gateway/exactness.ts";
import { runGatewayFleetSuite } from "./gateway/fleet.ts";
import { runRecordKillSuite } from "./gateway/kill/suite.ts";
import { runGatewayKillSuite } from "./gateway/kill.ts";
import { runStockClientsSuite } from "./gateway/stock-clients.ts";
import { runAttackSuite } from "./ledger/attack.ts";
import { runCrashSuite } from "./ledger/crash.ts";
import { runLoadSuite } from "./ledger/load.ts";
import { runVerifySuite } from "./ledger/verify-cli.ts";
import { runNamesSuite } from "./names/suite.ts";
import { runPairsSuite } from "./otel/pairs-suite.ts";
import { runOtelSuite } from "./otel/suite.ts";
import { runPacksSuite } from "./packs/suite.ts";
import { runPayloadMarksSuite } from "./payloads/marks-suite.ts";
import { runPayloadRotationsSuite } from "./payloads/rotations-suite.ts";
import { runPayloadsSuite } from "./payloads/suite.ts";
import { runPrometheusSuite } from "./prometheus/suite.ts";
import { runPrometheus3Suite } from "./prometheus/suite-3.ts";
import { runPromtoolSuite } from "./promtool/suite.ts";
import { runRestartSuite } from "./start/restart-suite.ts";
import { runStartSuite } from "./start/suite.ts";
import { runStrangersSuite } from "./strangers/suite.ts";
import { runStreamsSuite } from "./streams/suite.ts";
import {
  runTracingLatencySuite,
  runTracingMemorySuite,
  runTracingSuite,
} from "./tracing/suites.ts";
import { runWallsSuite } from "./walls/suite.ts";
import { runWorstBodiesSuite } from "./worst-bodies/suite.ts";

export interface E2eSuite {
  run(): Promise<Verdict>;
  /**
   * As the `==` line of a run with nothing beside it said on two cores (`npm run test:e2e -- <name>` tells
   * anew): it orders the lanes, no more.
   */
  seconds: number;
  /** For receivers that hang, scrapes and intervals: it leaves the cores to what runs beside it. */
  mostlyWaits?: boolean;
  /** Not yet met, or longer than CI allows: run by name, as `npm run test:long` does. */
  isLong?: boolean;
  /** Judges how long something took, or how often it came in a time: nothing runs beside it. */
  isTimed?: boolean;
}

export const SUITES: Record<string, E2eSuite> = {
  formats: { run: runFormatsSuite, seconds: 3 },
  walls: { run: runWallsSuite, seconds: 3 },
  names: { run: runNamesSuite, seconds: 1 },
  promtool: { run: runPromtoolSuite, seconds: 67 },
  prometheus: { run: runPrometheusSuite, seconds: 33, isTimed: true },
  "prometheus-3": { run: runPrometheus3Suite, seconds: 200, isTimed: true, isLong: true },
  quantiles: { run: runQuantileSuite, seconds: 4 },
  malformed: { run: runMalformedSuite, seconds: 6 },
  kill: { run: runKillSuite, seconds: 36 },
  "record-kill": { run: runRecordKillSuite, seconds: 40 },
  stream: { run: runStreamSuite, seconds: 25, isTimed: true },
  "ledger-crash": { run: runCrashSuite, seconds: 63 },
  "ledger-attack": { run: runAttackSuite, seconds: 160 },
  "ledger-load": { run: runLoadSuite, seconds: 53, isTimed: true },
  payloads: { run: runPayloadsSuite, seconds: 10 },
  "payload-marks": { run: runPayloadMarksSuite, seconds: 20 },
  "payload-rotations": { run: runPayloadRotationsSuite, seconds: 100, isLong: true },
  packs: { run: runPacksSuite, seconds: 40 },
  "ledger-verify": { run: runVerifySuite, seconds: 105 },
  strangers: { run: runStrangersSuite, seconds: 30, isTimed: true },
  tracing: { run: runTracingSuite, seconds: 57, mostlyWaits: true },
  "tracing-latency": { run: runTracingLatencySuite, seconds: 43, isTimed: true },
  "tracing-memory": { run: runTracingMemorySuite, seconds: 35, mostlyWaits: true },
  streams: { run: runStreamsSuite, seconds: 32, mostlyWaits: true },
  otel: { run: runOtelSuite, seconds: 30 },
  "otel-pairs": { run: runPairsSuite, seconds: 75, isTimed: true },
  dialects: { run: runDialectsSuite, seconds: 100 },
  "gateway-conformance": { run: runConformanceSuite, seconds: 90 },
  "gateway-clients": { run: runStockClientsSuite, seconds: 34, mostlyWaits: true },
  "gateway-exactness": { run: runExactnessSuite, seconds: 70, isTimed: true },
  "gateway-kill": { run: runGatewayKillSuite, seconds: 90, mostlyWaits: true },
  "gateway-fleet": { run: runGatewayFleetSuite, seconds: 85, isLong: true },
  // A browser beside another suite waits for its page longer than anybody would.
  dashboard: { run: runDashboardSuite, seconds: 170, isTimed: true },
  "dashboard-demo": { run: runDashboardDemoSuite, seconds: 170, isTimed: true, isLong: true },
  fleet: { run: runFleetSuite, seconds: 120, isLong: true },
  start: { run: runStartSuite, seconds: 75, mostlyWaits: true },
  "start-restarts": { run: runRestartSuite, seconds: 60, mostlyWaits: true },
  "worst-bodies": { run: runWorstBodiesSuite, seconds: 420, isTimed: true, isLong: true },
};
