// How far a change has come: for a page, and as an export for a report.
#include "http_api/handlers/rollouts.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {
namespace {

using delivery::Laggard;
using delivery::LaggardQuery;
using delivery::RolloutReport;
using delivery::RolloutSummary;
using delivery::Stage;

constexpr std::int64_t kUsualLaggards = 100;
constexpr std::int64_t kMostLaggards = 10'000;
constexpr std::array kStages{Stage::sent, Stage::received, Stage::applied};

json::value or_null(std::optional<std::uint32_t> number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object stage_in_json(const RolloutSummary& rollout, Stage stage) {
  const auto& times = rollout.counts.times(stage);
  return {{"connections", times.count()},
          {"of", rollout.counts.of(stage)},
          {"superseded", rollout.counts.superseded_before(stage)},
          {"gone", rollout.counts.gone_before(stage)},
          {"p50_ms", or_null(times.within(0.5))},
          {"p99_ms", or_null(times.within(0.99))},
          {"last_ms", or_null(times.last())}};
}

std::string since(const RolloutSummary& rollout, const Laggard& laggard) {
  return to_iso8601({rollout.committed_at.value + laggard.reached_ms});
}

std::uint32_t waited(const RolloutSummary& rollout, const Laggard& laggard) {
  return rollout.age_ms - std::min(rollout.age_ms, laggard.reached_ms);
}

void add_cells(std::string& text, std::initializer_list<std::string> cells) {
  const char* separator = "";
  for (const std::string& cell : cells) {
    text += std::exchange(separator, ",");
    text += csv_cell(cell);
  }
  text += "\r\n";
}

std::string number_or_empty(std::optional<std::uint32_t> number) {
  return number ? std::to_string(*number) : std::string();
}

Result<LaggardQuery> read_laggard_query(const Call& call) {
  const auto& parameters = call.request().query;
  LaggardQuery query;
  const auto limit = call.number("limit", kUsualLaggards, 1, kMostLaggards);
  if (!limit) return tl::unexpected(limit.error());
  query.limit = static_cast<std::size_t>(*limit);
  query.cursor = parameters.value("cursor");
  if (query.cursor.empty() && parameters.contains("cursor"))
    return fail(Errc::invalid_argument, "the parameter cursor is empty; leave it out for the first page");
  if (!parameters.contains("stage")) return query;
  const auto* const stage = std::find_if(
      kStages.begin(), kStages.end(), [&](Stage one) { return to_string(one) == parameters.value("stage"); });
  if (stage == kStages.end())
    return fail(Errc::invalid_argument, "the parameter stage must be sent, received or applied");
  query.below = *stage;
  return query;
}

Result<bool> wants_csv(const Call& call) {
  const auto& request = call.request();
  if (!request.query.contains("format"))
    return request.headers.value("Accept").find("text/csv") != std::string_view::npos;
  const std::string_view format = request.query.value("format");
  if (format != "json" && format != "csv")
    return fail(Errc::invalid_argument, "the parameter format must be json or csv");
  return format == "csv";
}

// The revision in the path, with its epoch there or in the parameter.
Result<domain::NamedRevision> revision_in_path(const Call& call) {
  const std::string text(call.parameter("revision"));
  auto named = domain::parse_named_revision(text);
  if (!named || named->revision == 0)
    return fail(Errc::not_found, "'" + text + "' in the path is not the revision of a change");
  if (call.request().query.contains("epoch")) {
    const auto epoch = call.number("epoch", 0, 0, domain::kMaxId);
    if (!epoch) return tl::unexpected(epoch.error());
    named->epoch = *epoch;
  }
  return *named;
}

void answer_csv(Call& call, const std::string& environment, const RolloutReport& report) {
  wire::http::Response response;
  const std::string name = "rollout-" + std::to_string(report.rollout.revision) + ".csv";
  response.headers.add("Content-Type", "text/csv; charset=utf-8; header=present");
  response.headers.add("Content-Disposition", "attachment; filename=\"" + name + '"');
  response.headers.add("Cache-Control", "no-store");
  response.body = rollout_csv(environment, report);
  call.respond(std::move(response));
}

}  // namespace

json::object rollout_json(const std::string& environment, const RolloutReport& report) {
  const RolloutSummary& rollout = report.rollout;
  json::object out{
      {"environment", environment},
      {"revision", rollout.revision},
      {"epoch", rollout.epoch},
      {"committed_at", to_iso8601(rollout.committed_at)},
      {"open", rollout.open},
      {"concerned", rollout.counts.concerned},
      {"superseded", rollout.counts.superseded_before(Stage::received)},
      {"gone", rollout.counts.gone_before(Stage::received)},
      {"resumed", rollout.counts.resumed},
      {"offline_clients", rollout.offline ? json::value(*rollout.offline) : json::value(nullptr)}};
  if (rollout.told_as != rollout.revision) out["told_as"] = rollout.told_as;
  json::object stages;
  for (const Stage stage : kStages) stages[to_string(stage)] = stage_in_json(rollout, stage);
  out["stages"] = std::move(stages);
  json::array laggards;
  for (const Laggard& one : report.laggards) {
    json::object laggard{{"client_id", one.client},        {"client_key", one.client_key},
                         {"client_name", one.client_name}, {"connection", one.connection},
                         {"transport", one.transport},     {"stage", to_string(one.stage)},
                         {"since", since(rollout, one)},   {"waited_ms", waited(rollout, one)}};
    if (!one.node.empty()) laggard["node"] = one.node;
    laggards.push_back(std::move(laggard));
  }
  out["laggards"] = std::move(laggards);
  out["laggards_total"] = report.laggards_total;
  if (!report.next_cursor.empty()) out["next_cursor"] = report.next_cursor;
  if (rollout.nodes.empty()) return out;
  json::array nodes;
  for (const delivery::RolloutNode& node : rollout.nodes) {
    json::object part{{"name", node.name}, {"state", to_string(node.state)}};
    if (node.state == delivery::RolloutNode::State::counted) {
      part["concerned"] = node.concerned;
      part["received"] = node.received;
    }
    nodes.push_back(std::move(part));
  }
  out["nodes"] = std::move(nodes);
  return out;
}

std::string csv_cell(std::string_view text) {
  constexpr std::string_view kFormulas = "=+-@\t\r\n";
  const bool starts_a_formula = !text.empty() && kFormulas.find(text.front()) != std::string_view::npos;
  if (!starts_a_formula && text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string cell = starts_a_formula ? "\"'" : "\"";
  for (const char c : text) cell.append(c == '"' ? 2 : 1, c);
  return cell += '"';
}

std::string rollout_csv(const std::string& environment, const RolloutReport& report) {
  const RolloutSummary& rollout = report.rollout;
  std::string text;
  add_cells(text,
            {"environment", "revision",    "epoch",      "committed_at", "row",    "stage",     "connections",
             "of",          "superseded",  "gone",       "p50_ms",       "p99_ms", "last_ms",   "client_id",
             "client_key",  "client_name", "connection", "transport",    "since",  "waited_ms", "node"});
  const std::string revision = std::to_string(rollout.revision);
  const std::string epoch = std::to_string(rollout.epoch);
  const std::string committed_at = to_iso8601(rollout.committed_at);
  const auto add_row = [&](std::string_view row, std::string_view stage,
                           std::initializer_list<std::string> more) {
    const std::string* const cell = more.begin();
    add_cells(text, {environment, revision, epoch,   committed_at, std::string(row), std::string(stage),
                     cell[0],     cell[1],  cell[2], cell[3],      cell[4],          cell[5],
                     cell[6],     cell[7],  cell[8], cell[9],      cell[10],         cell[11],
                     cell[12],    cell[13], cell[14]});
  };
  for (const Stage stage : kStages) {
    const auto& times = rollout.counts.times(stage);
    add_row(
        "stage", to_string(stage),
        {std::to_string(times.count()), std::to_string(rollout.counts.of(stage)),
         std::to_string(rollout.counts.superseded_before(stage)),
         std::to_string(rollout.counts.gone_before(stage)), number_or_empty(times.within(0.5)),
         number_or_empty(times.within(0.99)), number_or_empty(times.last()), "", "", "", "", "", "", "", ""});
  }
  add_row("offline_clients", "",
          {rollout.offline ? std::to_string(*rollout.offline) : std::string(), "", "", "", "", "", "", "", "",
           "", "", "", "", "", ""});
  add_row("resumed", "",
          {std::to_string(rollout.counts.resumed), "", "", "", "", "", "", "", "", "", "", "", "", "", ""});
  for (const Laggard& one : report.laggards)
    add_row("laggard", to_string(one.stage),
            {"", "", "", "", "", "", "", std::to_string(one.client), one.client_key, one.client_name,
             one.connection, std::string(one.transport), since(rollout, one),
             std::to_string(waited(rollout, one)), one.node});
  return text;
}

void read_rollout(const CallPtr& call) {
  auto* const rollouts = call->api().options().rollouts;
  if (rollouts == nullptr)
    return call->refuse({Errc::unavailable, "this server has no sockets, so it has no rollouts", {}});
  const auto named = revision_in_path(*call);
  if (!named) return call->refuse(named.error());
  const auto query = read_laggard_query(*call);
  if (!query) return call->refuse(query.error());
  const auto csv = wants_csv(*call);
  if (!csv) return call->refuse(csv.error());
  const std::string& environment = call->who().environment;
  const auto state = call->application().model().current(environment);
  if (auto ok = named->check(state->head().epoch); !ok) return call->refuse(ok.error());
  if (named->revision > state->revision())
    return call->refuse({Errc::not_found,
                         "there is no revision " + std::to_string(named->revision) + "; the newest is " +
                             std::to_string(state->revision()),
                         {}});
  rollouts->report(environment, named->revision, *query,
                   [call, environment, csv = *csv](Result<RolloutReport> report) {
                     if (!report) return call->refuse(report.error());
                     if (csv) return answer_csv(*call, environment, *report);
                     call->answer({.body = rollout_json(environment, *report)});
                   });
}

}  // namespace togglecast::http_api
