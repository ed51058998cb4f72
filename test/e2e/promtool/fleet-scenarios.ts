/** Which fleets raise an alert, and which do not, whatever the moment: rollouts, and silences that are none. */
import { FLEET, type Gateway, gateways, type Rollout, rollout } from "./fleets.ts";

export interface FleetScenario {
  name: string;
  minutes: number;
  gateways: Gateway[];
  /** Alerts that ever fire, with how many gateways they name; none by default. */
  alerts?: Record<string, number>;
  /** When MCPGInstanceSilent fires for that many gateways. */
  silentAt?: Record<`${number}m`, number>;
}

const SILENT = "MCPGInstanceSilent";
/** Silence is told for 65 minutes, and held against 70. */
const AFTER_MIN = 80;
const DAY_MIN = 1440;
const ON = Number.POSITIVE_INFINITY;
const GOODBYES: Record<string, (index: number) => boolean> = {
  "with goodbyes": () => true,
  "without goodbyes": () => false,
  "half of it with goodbyes": (index) => index % 2 === 0,
};
const ROLLOUTS: Record<string, Omit<Rollout, "saysGoodbye">> = {
  "within three minutes, new before old": { startMin: 30, takesMin: 3, overlapMin: 0.5 },
  "all at once, with two minutes of nobody": { startMin: 30, takesMin: 0, overlapMin: -2 },
  "one by one over twenty minutes": { startMin: 30, takesMin: 20, overlapMin: 3 },
  "over an hour": { startMin: 30, takesMin: 60, overlapMin: 1 },
  "three minutes after Prometheus began": { startMin: 3, takesMin: 4, overlapMin: 0.5 },
};

export function fleetScenarios(): FleetScenario[] {
  return [...rollouts(), ...changesOfSize(), ...silences(), ...silencesAfterRollouts()];
}

function rollouts(): FleetScenario[] {
  const once = Object.entries(ROLLOUTS).flatMap(([how, shape]) =>
    Object.entries(GOODBYES).map(([what, saysGoodbye]) => ({
      name: `a rollout of ${FLEET} raises none: ${how}, ${what}`,
      minutes: shape.startMin + shape.takesMin + AFTER_MIN,
      gateways: rollout(["old", "new"], { ...shape, saysGoodbye }),
    })),
  );
  const twice = Object.entries(GOODBYES).map(([what, saysGoodbye]) => {
    const first = { startMin: 30, takesMin: 3, overlapMin: 0.5, saysGoodbye };
    const second = { ...first, startMin: 42 };
    const old = rollout(["v1", "v2"], first).filter(({ name }) => name.startsWith("v1"));
    return {
      name: `two rollouts twelve minutes apart raise none, ${what}`,
      minutes: 45 + AFTER_MIN,
      gateways: [...old, ...rollout(["v2", "v3"], second, { oldFirstMin: 29.5 })],
    };
  });
  const again = gateways("gw", FLEET, (index) => ({
    firstMin: 30 + index / 10 + 1,
    lastMin: ON,
  }));
  const before = again.map(({ name, firstMin }) => ({
    name,
    firstMin: -60,
    lastMin: firstMin - 1,
    hasGoodbye: true,
  }));
  const kept = {
    name: `a rollout of ${FLEET} that keeps its names raises none`,
    minutes: 33 + AFTER_MIN,
    gateways: [...before, ...again],
  };
  return [...once, ...twice, kept];
}

function changesOfSize(): FleetScenario[] {
  const steady = gateways("gw", 10, () => ({ firstMin: -60, lastMin: ON }));
  return [
    {
      name: "a fleet halved by goodbyes raises none",
      minutes: 40 + AFTER_MIN,
      gateways: [
        ...steady,
        ...gateways("less", 10, (index) => ({
          firstMin: -60,
          lastMin: 30 + index,
          hasGoodbye: true,
        })),
      ],
    },
    {
      name: "a fleet that grows threefold raises none",
      minutes: 120,
      gateways: [
        ...steady,
        ...gateways("more", FLEET, (index) => ({ firstMin: 30 + index, lastMin: ON })),
      ],
    },
    {
      name: "one gateway that another replaces raises none",
      minutes: 120,
      gateways: [
        { name: "a", firstMin: -60, lastMin: 30 },
        { name: "b", firstMin: 31, lastMin: ON },
      ],
    },
    {
      name: "the last gateway's goodbye is told for an hour, and pages nobody",
      minutes: 180,
      gateways: [{ name: "a", firstMin: -60, lastMin: 30, hasGoodbye: true }],
      alerts: { MCPGFleetGone: 1 },
    },
  ];
}

function silences(): FleetScenario[] {
  const rest = (count: number) =>
    gateways("gw", count, () => ({ firstMin: -60, lastMin: ON }) as const);
  return [
    {
      name: "one gateway of twenty that nobody replaces is told, for an hour",
      minutes: 120,
      gateways: [...rest(19), { name: "silent", firstMin: -60, lastMin: 40 }],
      alerts: { [SILENT]: 1 },
      silentAt: { "45m": 0, "46m": 1, "59m": 1, "61m": 1, "104m": 1, "106m": 0 },
    },
    {
      name: "a silence is told while yesterday's gateways leave the page",
      minutes: 80,
      gateways: [
        ...rest(9),
        { name: "silent", firstMin: -60, lastMin: 40 },
        ...gateways("yesterday", 5, () => ({ firstMin: -1500, lastMin: -DAY_MIN + 35 })),
      ],
      alerts: { [SILENT]: 1 },
      silentAt: { "45m": 0, "46m": 1, "75m": 1 },
    },
    {
      name: "half of the fleet is told",
      minutes: 80,
      gateways: [...rest(10), ...gateways("silent", 10, () => ({ firstMin: -60, lastMin: 40 }))],
      alerts: { [SILENT]: 10 },
      silentAt: { "45m": 0, "46m": 10, "75m": 10 },
    },
    {
      name: "a silence is told where Prometheus began ten minutes before it",
      minutes: 60,
      gateways: [...rest(9), { name: "silent", firstMin: -60, lastMin: 10 }],
      alerts: { [SILENT]: 1 },
      silentAt: { "15m": 0, "16m": 1, "50m": 1 },
    },
    {
      name: "a silence is told half an hour after the fleet doubled",
      minutes: 80,
      gateways: [
        ...rest(10),
        ...gateways("more", 10, () => ({ firstMin: 10, lastMin: ON })),
        ...gateways("silent", 5, () => ({ firstMin: -60, lastMin: 40 })),
      ],
      alerts: { [SILENT]: 5 },
      silentAt: { "45m": 0, "46m": 5, "59m": 5 },
    },
    {
      name: "a fleet that falls silent as a whole pages",
      minutes: 80,
      gateways: gateways("silent", 3, () => ({ firstMin: -60, lastMin: 40 })),
      alerts: { [SILENT]: 3, MCPGFleetSilent: 1 },
      silentAt: { "45m": 0, "46m": 3 },
    },
  ];
}

function silencesAfterRollouts(): FleetScenario[] {
  const shape = { startMin: 30, takesMin: 3, overlapMin: 0.5 };
  const deaf = (saysGoodbye: () => boolean) => {
    const whole = rollout(["old", "new"], { ...shape, saysGoodbye });
    return whole.map((gateway, index) =>
      gateway.name.startsWith("new") && index % 2 === 0 ? { ...gateway, lastMin: 40 } : gateway,
    );
  };
  return [
    {
      name: "half of the new ones that fall silent after a rollout with goodbyes are told",
      minutes: 80,
      gateways: deaf(() => true),
      alerts: { [SILENT]: 10 },
      silentAt: { "45m": 0, "46m": 10 },
    },
    {
      name: "half of the new ones that fall silent after a rollout without goodbyes are told, beside the old",
      minutes: 80,
      gateways: deaf(() => false),
      alerts: { [SILENT]: 30 },
      silentAt: { "45m": 0, "46m": 30 },
    },
    {
      name: "a rollout that five of twenty do not survive is told, by the names of the old",
      minutes: 80,
      gateways: rollout(
        ["old", "new"],
        { ...shape, saysGoodbye: () => false },
        { comingCount: 15 },
      ),
      alerts: { [SILENT]: FLEET },
      silentAt: { "34m": 0, "39m": FLEET },
    },
  ];
}
