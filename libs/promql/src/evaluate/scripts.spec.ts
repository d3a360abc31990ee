import { describe, expect, it } from '@jest/globals';
import { runNotation } from '../notation/run-notation.js';
import { parseQuery } from '../syntax/parse-query.js';
import { evaluateQuery } from './evaluate-query.js';

/** Runs a script and gives what is wrong in it. */
async function problems(script: string, delayNameRemoval = true): Promise<readonly string[]> {
  // A blank line ends what is loaded: here each `eval` begins a part.
  const results = await runNotation(script.replaceAll(/\n +eval/g, '\n\neval'), {
    parse: parseQuery,
    evaluate: (query) => evaluateQuery({ ...query, delayNameRemoval }),
  });
  expect(results.length).toBeGreaterThan(0);
  return results.flatMap(({ query, message }) => (message === undefined ? [] : [`${query}: ${message}`]));
}

const SCRIPTS: readonly (readonly [string, string])[] = [
  [
    'takes the last sample within the lookback, its left end left out',
    `load 1m
       hits 1 2 3
     eval instant at 2m30s hits
       hits 3
     eval instant at 6m59s999ms hits
       hits 3
     eval instant at 7m hits
     eval range from 0 to 3m step 1m hits offset 1m
       hits _ 1 2 3
     eval range from 0 to 2m step 1m hits offset -1m
       hits 2 3 3`,
  ],
  [
    'ends a series at a stale marker, and leaves that out of ranges',
    `load 1m
       hits 1 2 stale 4
     eval range from 0 to 3m step 1m hits
       hits 1 2 _ 4
     eval instant at 3m count_over_time(hits[4m])
       {} 3`,
  ],
  [
    'leaves out a sample at the left end of a range',
    `load 1m
       hits 1 2 4 8
     eval instant at 3m sum_over_time(hits[2m])
       {} 12
     eval instant at 3m sum_over_time(hits[2m1ms])
       {} 14`,
  ],
  [
    'looks from where @ says, also at the ends of the range',
    `load 1m
       hits 1 2 4 8
     eval range from 1m to 3m step 1m hits @ 60
       hits 2 2 2
     eval range from 1m to 3m step 1m hits @ start() + hits @ end()
       {} 10 10 10
     eval range from 1m to 3m step 1m timestamp(hits @ 90)
       {} 60 60 60
     eval range from 1m to 3m step 1m predict_linear(hits[2m] @ 120, time() - 120)
       expect no_warn
       {} 0 4 8`,
  ],
  [
    'evaluates subqueries at multiples of their step',
    `load 10s
       hits 0+1x60
     eval instant at 105s count_over_time(hits[1m:20s])
       {} 3
     eval instant at 105s max_over_time(hits[1m:20s])
       {} 10
     eval instant at 105s sum_over_time(hits[1m:20s] offset 20s)
       {} 18
     eval range from 100s to 120s step 10s last_over_time((hits + 1)[30s:30s])
       {} 10 10 13`,
  ],
  [
    'extrapolates rates to the window where samples are near its ends, and not below 0',
    `load 1m
       hits_total 0 60 120 180 240
       late_total _ _ _ 30 60
       reset_total 100 160 20 80 140
     eval instant at 4m rate(hits_total[4m])
       {} 1
     eval instant at 4m increase(late_total[4m])
       {} 45
     eval instant at 4m increase(reset_total[5m])
       {} 250
     eval instant at 4m delta(reset_total[5m])
       expect no_info
       {} 50
     eval instant at 4m irate(reset_total[150s])
       {} 1
     eval instant at 2m irate(reset_total[150s])
       {} 0.3333333333333333
     eval instant at 4m resets(reset_total[5m])
       {} 1`,
  ],
  [
    'tells of a rate of what is named as no counter',
    `load 1m
       level 1 2 3
     eval instant at 2m rate(level[3m])
       expect info msg: PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "level" (1:6)
       {} 0.01666666666666667`,
  ],
  [
    'aggregates groups, NaN apart',
    `load 1m
       load{host="a", disk="1"} 1
       load{host="a", disk="2"} 3
       load{host="b", disk="1"} NaN
       load{host="c", disk="1"} 10
     eval instant at 0 sum by (host) (load)
       {host="a"} 4
       {host="b"} NaN
       {host="c"} 10
     eval instant at 0 max without (host) (load)
       {disk="1"} 10
       {disk="2"} 3
     eval instant at 0 stddev by (host) (load{host="a"})
       {host="a"} 1
     eval instant at 0 quantile(0.5, load{host!="b"})
       {} 3
     eval instant at 0 topk(2, load)
       expect ordered
       load{host="c", disk="1"} 10
       load{host="a", disk="2"} 3
     eval instant at 0 bottomk by (disk) (1, load)
       load{host="a", disk="1"} 1
       load{host="a", disk="2"} 3
     eval instant at 0 count_values("value", load)
       {value="1"} 1
       {value="3"} 1
       {value="NaN"} 1
       {value="10"} 1
     eval instant at 0 group(load)
       {} 1
     eval instant at 0 quantile(2, load)
       expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)
       {} +Inf
     eval instant at 0 topk(NaN, load)
       expect fail msg: Parameter value is NaN`,
  ],
  [
    'gives topk at each step the series that are at the top there',
    `load 1m
       load{host="a"} 1 5 1
       load{host="b"} 2 4 stale
       load{host="c"} 0 6 0
     eval range from 0 to 2m step 1m topk(1, load)
       load{host="a"} _ _ 1
       load{host="b"} 2 _ _
       load{host="c"} _ 6 _
     eval range from 0 to 2m step 1m topk(scalar(load{host="a"}), load)
       load{host="a"} _ 5 1
       load{host="b"} 2 4 _
       load{host="c"} _ 6 _`,
  ],
  [
    'adds up without losing small numbers beside large ones',
    `load 1m
       part{n="1"} 1e100
       part{n="2"} 1
       part{n="3"} -1e100
       whole 1e100 1 -1e100
     eval instant at 0 sum(part)
       {} 1
     eval instant at 2m sum_over_time(whole[3m])
       {} 1
     eval instant at 0 avg({__name__="part", n!="2"} * 1e208)
       {} 0`,
  ],
  [
    'matches vectors one to one, and many to one',
    `load 1m
       errors{code="500", path="/a"} 2
       errors{code="404", path="/a"} 6
       requests{path="/a", team="x"} 10
     eval instant at 0 errors / on (path) group_left (team) requests
       {code="500", path="/a", team="x"} 0.2
       {code="404", path="/a", team="x"} 0.6
     eval instant at 0 requests * on (path) group_right () errors
       {code="500", path="/a"} 20
       {code="404", path="/a"} 60
     eval instant at 0 errors / on (path) requests
       expect fail msg: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)
     eval instant at 0 requests / on (path) errors
       expect fail regex: found duplicate series for the match group \\{path="/a"\\} on the right hand-side of the operation: \\[.*\\];many-to-many matching not allowed: matching labels must be unique on one side
     eval instant at 0 errors > 3
       errors{code="404", path="/a"} 6
     eval instant at 0 3 < errors
       errors{code="404", path="/a"} 6
     eval instant at 0 errors > bool 3
       {code="404", path="/a"} 1
       {code="500", path="/a"} 0
     eval instant at 0 1 ^ NaN == bool 1
       1
     eval instant at 0 errors unless on (code) errors{code="404"}
       errors{code="500", path="/a"} 2
     eval instant at 0 errors and ignoring (code, team) requests
       errors{code="500", path="/a"} 2
       errors{code="404", path="/a"} 6`,
  ],
  [
    'takes what the left side lacks from the right side, step by step',
    `load 1m
       first 1 _ _
       other 5 6 7
     eval range from 0 to 6m step 6m first or other
       first 1 _
       other _ 7
     eval range from 1m to 6m step 5m (first > 1) or other
       other 6 7`,
  ],
  [
    'computes quantiles of classic histograms, and repairs falling counts',
    `load 1m
       took_bucket{le="1"} 10
       took_bucket{le="2"} 20
       took_bucket{le="+Inf"} 20
       odd_bucket{le="1"} 10
       odd_bucket{le="2"} 8
       odd_bucket{le="+Inf"} 20
       bad_bucket{le="x"} 1
     eval instant at 0 histogram_quantile(0.75, took_bucket)
       {} 1.5
     eval instant at 0 histogram_fraction(0, 1, took_bucket)
       {} 0.5
     eval instant at 0 histogram_quantile(0.25, odd_bucket)
       expect info regex: .*needed to be fixed for monotonicity.* for metric name "odd_bucket", from buckets 2 to 2, with a max diff of 2, over 1 samples from .*Z to .*Z .*
       {} 0.5
     eval instant at 0 histogram_quantile(0.5, bad_bucket)
       expect warn msg: PromQL warning: bucket label "le" is missing or has a malformed value of "x" for metric name "bad_bucket" (1:25)`,
  ],
  [
    'calculates with native histograms',
    `load 1m
       took{n="1"} {{schema:0 count:4 sum:6 buckets:[1 2 1]}} {{schema:0 count:8 sum:12 buckets:[2 4 2]}}
       took{n="2"} {{schema:0 count:2 sum:3 buckets:[0 1 1]}} {{schema:0 count:4 sum:6 buckets:[0 2 2]}}
     eval instant at 0 sum(took)
       {} {{schema:0 count:6 sum:9 buckets:[1 3 2]}}
     eval instant at 0 avg(took)
       {} {{schema:0 count:3 sum:4.5 buckets:[0.5 1.5 1]}}
     eval instant at 1m increase(took{n="1"}[2m])
       {n="1"} {{schema:0 count:8 sum:12 counter_reset_hint:gauge buckets:[2 4 2]}}
     eval instant at 1m histogram_count(sum(took))
       {} 12
     eval instant at 0 took{n="1"} * 2 == took{n="1"} * 2
       took{n="1"} {{schema:0 count:8 sum:12 buckets:[2 4 2]}}
     eval instant at 0 took{n="1"} + 1
       expect info msg: PromQL info: incompatible sample types encountered for binary operator "+": histogram + float (1:1)
     eval instant at 0 max(took)
       expect info msg: PromQL info: ignored histogram in max aggregation (1:5)
     eval instant at 0 -took{n="2"}
       {n="2"} {{schema:0 count:-2 sum:-3 counter_reset_hint:gauge buckets:[0 -1 -1]}}`,
  ],
  [
    'replaces and joins labels',
    `load 1m
       up{host="db-1:9090", zone="x"} 1
     eval instant at 0 label_replace(up, "name", "\${1}!$$", "host", "(.*)-(?P<n>.*):.*")
       up{host="db-1:9090", zone="x", name="db!$"} 1
     eval instant at 0 label_replace(up, "zone", "", "host", ".*")
       up{host="db-1:9090"} 1
     eval instant at 0 label_join(up, "all", "/", "zone", "host", "none")
       up{host="db-1:9090", zone="x", all="x/db-1:9090/"} 1
     eval instant at 0 label_replace(up, "name", "$1", "host", "(")
       expect fail`,
  ],
  [
    'says what is absent',
    `load 1m
       up{job="a"} 1 _ _ _ _ _ _
     eval instant at 0 absent(up{job="b", host=~".+", zone!="z"})
       {job="b"} 1
     eval range from 0 to 10m step 5m absent(up{job="a"})
       {job="a"} _ 1 1
     eval range from 0 to 10m step 5m absent_over_time(up{job="a"}[6m])
       {job="a"} _ _ 1
     eval instant at 0 absent(up{job="a"})`,
  ],
  [
    'reads dates of times',
    `load 1m
       at 1709208000
     eval instant at 0 year(at) * 10000 + month(at) * 100 + day_of_month(at)
       {} 20240229
     eval instant at 0 days_in_month(at)
       {} 29
     eval instant at 0 day_of_year(at)
       {} 60
     eval instant at 0 day_of_week(at)
       {} 4
     eval instant at 90m hour() * 60 + minute()
       {} 90`,
  ],
  [
    'sorts at one time, and warns over a range',
    `load 1m
       load{n="1"} 3
       load{n="2"} NaN
       load{n="3"} 7
     eval instant at 0 sort_desc(load)
       expect ordered
       load{n="3"} 7
       load{n="1"} 3
       load{n="2"} NaN
     eval range from 0 to 1m step 1m sort(load)
       expect warn msg: PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:1)
       load{n="1"} 3 3
       load{n="2"} NaN NaN
       load{n="3"} 7 7`,
  ],
];

describe('evaluateQuery', () => {
  it.each(SCRIPTS)('%s', async (_name, script) => {
    expect(await problems(script)).toEqual([]);
  });

  it('refuses series that are the same without their names', async () => {
    const script = `load 1m
        a{n="1"} 1
        b{n="1"} 2
      eval instant at 0 abs({__name__=~"a|b"})
        expect fail msg: vector cannot contain metrics with the same labelset`;
    expect(await problems(script, false)).toEqual([]);
    expect(await problems(script, true)).toEqual([]);
  });

  it('drops names at once, or at the end where that is asked for', async () => {
    const script = (result: string): string => `load 1m
        a_total{n="1"} 0+60x5
      eval instant at 5m sum by (__name__, n) (rate(a_total[5m]))
        {n="1"} 1
      eval instant at 5m label_join(rate(a_total[5m]), "was", "", "__name__")
        ${result}`;
    expect(await problems(script('{n="1"} 1'), false)).toEqual([]);
    expect(await problems(script('{n="1", was="a_total"} 1'), true)).toEqual([]);
  });
});
