# Filters of jq 1.6 that jaq's libraries lack.

def ascii: [.] | implode;
def isvalid(f): try (f | true) catch false;
def leaf_paths: paths(scalars);
def recurse_down: recurse;
def toarray: if isarray then . else [.] end;

def IN(values): . as $wanted | any(values; . == $wanted);
def IN(source; values): any(source; IN(values));
def INDEX(rows; key): reduce rows as $row ({}; .[$row | key | tostring] = $row);
def INDEX(key): INDEX(.[]; key);

# Makes what is missing on the way, as jq does and jaq does not.
def setpath($path; $value):
  if $path == [] then $value
  else
    $path[0] as $key
    | if . != null then . elif $key | isstring then {} else [] end
    | (try .[$key] catch null) as $old
    | ($old | setpath($path[1:]; $value)) as $new
    | if isarray and ($key | isnumber) and $key >= length then
        . + [range($key - length) | null] + [$new]
      else .[$key] = $new end
  end;

def date: todate;
def dateadd(unit; $n): . + $n;
def datesub(unit; $n): . - $n;

# Events of a value: a path and a leaf, or the path of the last child when a container ends.
def tostream:
  def events($at):
    if (isarray or isobject) and length > 0 then
      keys_unsorted as $keys
      | (. as $whole | $keys[] as $key | $whole[$key] | events($at + [$key])),
        [$at + [$keys[-1]]]
    else [$at, .] end;
  events([]);

def fromstream(events):
  foreach events as $event (
    {};
    if .ended then {} else . end
    | if $event | length == 2 then
        .value |= setpath($event[0]; $event[1]) | .ended = ($event[0] | length == 0)
      else .ended = ($event[0] | length == 1) end;
    select(.ended) | .value
  );

def truncate_stream(events):
  . as $depth | events | select(.[0] | length > $depth) | .[0] |= .[$depth:];

def cells(form): if isarray then map(form) else error("\(type) cannot be a row") end;
def @csv:
  def cell:
    if . == null then ""
    elif isstring then "\"\(split("\"") | join("\"\""))\""
    elif . < "" then tostring
    else error("\(type) cannot be a cell") end;
  cells(cell) | join(",");
def @tsv:
  def escape($from; $to): split($from) | join($to);
  def cell:
    if . == null then ""
    elif isstring then
      escape("\\"; "\\\\") | escape("\t"; "\\t") | escape("\n"; "\\n") | escape("\r"; "\\r")
    elif . < "" then tostring
    else error("\(type) cannot be a cell") end;
  cells(cell) | join("\t");
