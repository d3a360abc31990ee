/**
 * The content type of an answer in a format, as a ClickHouse server sends it by its own settings; a spec holds this to what
 * the engine's system.formats says. Of what is told by no row here the bytes are nobody's text.
 */
const CONTENT_TYPES: readonly (readonly [formats: RegExp, contentType: string])[] = [
  // No answer at all: of an insert, of DDL.
  [/^$/, 'text/plain; charset=UTF-8'],
  [/^JSONCompact(?:Strings)?EachRow(?:WithNames(?:AndTypes)?)?$/, 'text/plain; charset=UTF-8'],
  [/^JSON(?:Strings)?EachRow$|^JSONL(?:ines)?$|^NDJSON$/, 'application/x-ndjson; charset=UTF-8'],
  [/^Pretty(?:JSONEachRow|JSONLines|NDJSON)$/, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/, 'application/json; charset=UTF-8'],
  [/^GeoJSON$/, 'application/geo+json; charset=UTF-8'],
  [/^CSVWithNames/, 'text/csv; charset=UTF-8; header=present'],
  [/^CSV$/, 'text/csv; charset=UTF-8; header=absent'],
  [/^(?:TabSeparated|TSV|TSKV|LineAsString|Raw(?!BLOB))/, 'text/tab-separated-values; charset=UTF-8'],
  [/^XML$/, 'application/xml; charset=UTF-8'],
  [/^(?:Pretty|CustomSeparated)/, 'text/plain; charset=UTF-8'],
  [/^(?:Hash|Markdown|MD|Null|RawBLOB|SQLInsert|Template|Values|Vertical)$/, 'text/plain; charset=UTF-8'],
  [/^Prometheus$/, 'text/plain; version=0.0.4; charset=UTF-8'],
  [/^PNG$/, 'image/png'],
];

export function contentTypeOf(format: string): string {
  return CONTENT_TYPES.find(([formats]) => formats.test(format))?.[1] ?? 'application/octet-stream';
}
