# awk -f tools/check_options.awk -- src/app/config/option_table.cpp ARGUMENT…
# Names the first argument that the server would refuse, before anything is installed or built for it. The server itself
# checks all values again; this knows names, missing values and numbers. Exit code 2 for a wrong argument.

function smallest(a, b) { return a < b ? a : b }

# Letters to insert, delete, replace or swap with their neighbour.
function distance(a, b,    i, j, d, m, n) {
  m = length(a); n = length(b)
  for (i = 0; i <= m; i++) d[i, 0] = i
  for (j = 0; j <= n; j++) d[0, j] = j
  for (i = 1; i <= m; i++)
    for (j = 1; j <= n; j++) {
      d[i, j] = smallest(smallest(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (substr(a, i, 1) != substr(b, j, 1)))
      if (i > 1 && j > 1 && substr(a, i, 1) == substr(b, j - 1, 1) && substr(a, i - 1, 1) == substr(b, j, 1))
        d[i, j] = smallest(d[i, j], d[i - 2, j - 2] + 1)
    }
  return d[m, n]
}

function suggestion(given,    i, best, least, steps) {
  if (length(given) > 60) return ""
  least = int(length(given) / 3) + 1
  for (i = 1; i <= known; i++) {
    steps = length(given) > 5 && (index(names[i], given) == 1 || index(given, names[i]) == 1) ? 1 : distance(given, names[i])
    if (steps < least || (steps == least && best == "")) { least = steps; best = names[i] }
  }
  return best == "" ? "" : "; did you mean " best "?"
}

function wrong(sentence) {
  print "./start: " sentence "\nRun `./start --help` for help; all options are in the table of options of README.md and in " \
        "docs/hardening.md." >"/dev/stderr"
  exit 2
}

function learn(name, value) { names[++known] = name; values[name] = value }

BEGIN {
  learn("--config", "FILE")
  while ((getline line < ARGV[1]) > 0)
    if (match(line, /\{k[A-Za-z]+, "[a-z0-9-]+", "[^"]*"/)) {
      split(substr(line, RSTART, RLENGTH), part, "\"")
      learn("--" part[2], part[4])
    }
  if (known < 10) { print "./start: cannot read the options in " ARGV[1] >"/dev/stderr"; exit 2 }
  for (i = 2; i < ARGC; i++) {
    argument = ARGV[i]
    name = argument
    sub(/=.*/, "", name)
    if (name !~ /^-/) wrong("unknown argument '" argument "'; options begin with --")
    if (!(name in values)) wrong("unknown argument '" name "'" suggestion(name))
    if (values[name] == "") continue  # a flag
    if (name != argument) value = substr(argument, length(name) + 2)
    else if (i + 1 < ARGC) value = ARGV[++i]
    else wrong(name ": needs a value")
    if (values[name] ~ /^(COUNT|BYTES|SECONDS|LEVELS|PORT)$/ && value !~ /^[0-9]+(\.[0-9]+)?$/)
      wrong(name ": '" value "' is not a number")
  }
}
