/** The parts of https://prometheus.io/docs/prometheus/2.42/querying/api/ that the suite reads. */
export type Labels = Record<string, string>;

export interface VectorSample {
  metric: Labels;
  value: [atSeconds: number, value: string];
}

export interface MatrixSeries {
  metric: Labels;
  values: [atSeconds: number, value: string][];
}

export interface ExemplarSeries {
  seriesLabels: Labels;
  exemplars: { labels: Labels; value: string; timestamp: number }[];
}

export interface Alert {
  labels: Labels;
  state: "pending" | "firing";
  value: string;
}

export interface Target {
  labels: Labels;
  health: string;
  lastError: string;
}

export class PrometheusApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async vector(query: string): Promise<VectorSample[]> {
    const { result } = await this.#get<{ result: VectorSample[] }>("query", { query });
    return result;
  }

  /** The value of a query that has one; NaN both for none and for NaN, so NaN is checked by `text`. */
  async value(query: string): Promise<number> {
    return Number(await this.text(query));
  }

  /** As Prometheus writes it: tells an absent value from NaN. */
  async text(query: string): Promise<string> {
    const samples = await this.vector(query);
    return samples.length === 1 ? (samples[0]?.value[1] ?? "") : `${samples.length} results`;
  }

  /** The raw samples of a range selector, as scraped. */
  async samples(rangeSelector: string): Promise<MatrixSeries[]> {
    const query = { query: rangeSelector };
    return (await this.#get<{ result: MatrixSeries[] }>("query", query)).result;
  }

  exemplars(query: string): Promise<ExemplarSeries[]> {
    const nowSeconds = Date.now() / 1e3;
    const start = String(nowSeconds - 600);
    return this.#get("query_exemplars", { query, start, end: String(nowSeconds + 60) });
  }

  async alerts(): Promise<Alert[]> {
    return (await this.#get<{ alerts: Alert[] }>("alerts")).alerts;
  }

  async targets(): Promise<Target[]> {
    const query = { state: "active" };
    return (await this.#get<{ activeTargets: Target[] }>("targets", query)).activeTargets;
  }

  metadata(): Promise<Record<string, { type: string; help: string }[]>> {
    return this.#get("metadata");
  }

  /** What this Prometheus counts about itself. */
  async ownCounters(): Promise<Map<string, number>> {
    const page = await (await fetch(`${this.#url}/metrics`)).text();
    const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(
      lines.map((line) => [line.split(/[ {]/)[0] ?? "", Number(line.split(" ").at(-1))]),
    );
  }

  async #get<Data>(path: string, parameters: Record<string, string> = {}): Promise<Data> {
    const body = new URLSearchParams(parameters);
    const response = await fetch(`${this.#url}/api/v1/${path}?${body}`);
    const answer = (await response.json()) as { status: string; data: Data; error?: string };
    if (answer.status !== "success") throw new Error(`${path} ${body}: ${answer.error}`);
    return answer.data;
  }
}
