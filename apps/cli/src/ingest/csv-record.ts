/** A CSV record (RFC 4180) that is read line by line, because a quoted field may hold line ends. */
export interface CsvRecord {
  /** Takes the next line of the record and says where that leaves it. */
  add(text: string): 'complete' | 'open' | 'malformed';
  readonly fields: readonly string[];
}

/**
 * Begins a record. A quote opens a quoted field only where the field begins; elsewhere it is a character like any other.
 *
 * @example
 * const record = createCsvRecord();
 * record.add('1,"Good, Bad'); // 'open'
 * record.add('and Ugly"');    // 'complete'
 * record.fields;              // ['1', 'Good, Bad\nand Ugly']
 */
export function createCsvRecord(): CsvRecord {
  const fields: string[] = [];
  /** What is read so far of a quoted field that is open. */
  let field = '';
  let isOpen = false;

  /** Reads on in a quoted field; returns where it ends, or undefined when the line ends first. */
  const readQuoted = (text: string, from: number): number | undefined => {
    for (let at = from; ; at += 2) {
      const quote = text.indexOf('"', at);
      field += text.slice(at, quote < 0 ? undefined : quote);
      if (quote < 0) return undefined;
      if (text[quote + 1] !== '"') return quote + 1;
      field += '"'; // a quote within quotes is written twice
      at = quote;
    }
  };

  return {
    fields,
    add: (text) => {
      let at = 0;
      for (;;) {
        if (isOpen) field += '\n';
        else if (text[at] === '"') {
          isOpen = true;
          field = '';
          at++;
        } else {
          const comma = text.indexOf(',', at);
          fields.push(text.slice(at, comma < 0 ? undefined : comma));
          if (comma < 0) return 'complete';
          at = comma + 1;
          continue;
        }
        const end = readQuoted(text, at);
        if (end === undefined) return 'open';
        isOpen = false;
        fields.push(field);
        if (end === text.length) return 'complete';
        if (text[end] !== ',') return 'malformed';
        at = end + 1;
      }
    },
  };
}
