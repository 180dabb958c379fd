#include "service/history/activity.hpp"

#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "delivery/rollouts.hpp"
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::int64_t kDefaultLimit = 50;
constexpr std::size_t kMaxText = 200;

Result<std::string> text_of(const Call& call, std::string_view parameter) {
  std::string text(call.request().query.value(parameter));
  if (call.request().query.contains(parameter) && (text.empty() || text.size() > kMaxText))
    return fail(Errc::invalid_argument, "the parameter " + std::string(parameter) + " must be 1 to " +
                                            std::to_string(kMaxText) + " bytes");
  return text;
}

Result<std::optional<UnixMillis>> time_of(const Call& call, std::string_view parameter) {
  if (!call.request().query.contains(parameter)) return std::nullopt;
  const auto parsed = parse_iso8601(call.request().query.value(parameter));
  if (!parsed)
    return fail(Errc::invalid_argument, "the parameter " + std::string(parameter) +
                                            " must be an ISO 8601 time, such as 2026-11-23T08:15:30Z");
  return *parsed;
}

bool is_source(std::string_view name) {
  using changes::Source;
  constexpr std::array kSources{Source::rest, Source::socket, Source::timer, Source::start,
                                Source::command_line};
  return std::any_of(kSources.begin(), kSources.end(), [name](Source one) { return to_string(one) == name; });
}

Result<void> read_entity_filters(const Call& call, storage::LogQuery& query) {
  const auto& parameters = call.request().query;
  if (parameters.contains("entity_type")) {
    query.kind = domain::parse_kind(parameters.value("entity_type"));
    if (!query.kind)
      return fail(Errc::invalid_argument,
                  "the parameter entity_type must be platform, feature, segment, package, client, token, "
                  "admin, environment, signing_key, api_key, issuer, settings or second_factor");
  }
  const auto id = call.number("entity_id", 0, 1, domain::kMaxId);
  if (!id) return tl::unexpected(id.error());
  if (*id != 0) {
    if (!query.kind) return fail(Errc::invalid_argument, "the parameter entity_id also needs entity_type");
    query.id = *id;
  }
  if (!parameters.contains("type")) return {};
  using domain::UpdateType;
  for (const UpdateType type :
       {UpdateType::create, UpdateType::update, UpdateType::toggle, UpdateType::erase})
    if (parameters.value("type") == domain::to_string(type)) query.type = type;
  if (!query.type)
    return fail(Errc::invalid_argument, "the parameter type must be create, update, toggle or delete");
  return {};
}

Result<service::ActivityQuery> read_query(const Call& call) {
  service::ActivityQuery query;
  const auto limit = call.number("limit", kDefaultLimit, 1, service::kMaxActivity);
  if (!limit) return tl::unexpected(limit.error());
  query.limit = static_cast<std::size_t>(*limit);
  const auto before = call.revision("before");
  if (!before) return tl::unexpected(before.error());
  if (*before && (*before)->revision == 0)
    return fail(Errc::invalid_argument, "the parameter before must be a revision from 1 on");
  if (*before) query.before = (*before)->revision;
  if (*before) query.before_epoch = (*before)->epoch;
  if (auto ok = read_entity_filters(call, query); !ok) return tl::unexpected(ok.error());
  for (const auto& [name, into] : std::array<std::pair<std::string_view, std::string*>, 3>{
           {{"actor", &query.actor}, {"source", &query.source}, {"q", &query.text}}}) {
    auto text = text_of(call, name);
    if (!text) return tl::unexpected(text.error());
    *into = std::move(*text);
  }
  if (!query.source.empty() && !is_source(query.source))
    return fail(Errc::invalid_argument,
                "the parameter source must be rest, socket, timer, start or command_line");
  for (const auto& [name, into] : std::array<std::pair<std::string_view, std::optional<UnixMillis>*>, 2>{
           {{"since", &query.since}, {"until", &query.until}}}) {
    const auto moment = time_of(call, name);
    if (!moment) return tl::unexpected(moment.error());
    *into = *moment;
  }
  return query;
}

// The revision in the path of an undo. A number alone may name another change after a restore.
Result<domain::Version> undone_revision(const Call& call) {
  const std::string text(call.parameter("revision"));
  const auto named = domain::parse_named_revision(text);
  if (!named) return fail(Errc::not_found, "'" + text + "' in the path is not a revision");
  if (!named->epoch)
    return fail(
        Errc::invalid_argument,
        "an undo needs the epoch before the revision, as the entry of the activity feed has both: such "
        "as /activity/1." +
            text + "/undo");
  return domain::Version{*named->epoch, named->revision};
}

// A rollout goes on while the state stays.
std::string tag_with_rollouts(const std::string& tag, const json::array& entries) {
  constexpr std::size_t kTagBytes = 9;
  std::string rollouts;
  for (const auto& entry : entries)
    if (const json::value* rollout = json::find(entry, "rollout")) rollouts += json::serialize(*rollout);
  if (rollouts.empty()) return tag;
  const Sha256 digest = sha256(rollouts);
  return tag + '.' + base64url_encode({reinterpret_cast<const char*>(digest.data()), kTagBytes});
}

}  // namespace

void list_activity(const CallPtr& call) {
  const auto query = read_query(*call);
  if (!query) return call->refuse(query.error());
  // The tag is taken before the page is read. A page that is newer than its tag does no harm.
  const std::string tag = call->tag_for_role(tag_of(*call->application().model().current(
      environment_of(*call, query->kind.value_or(domain::Kind::platform)))));
  call->application().activity().page(call->who(), *query, [call, tag](Result<service::ActivityPage> page) {
    if (!page) return call->refuse(page.error());
    const auto answer = [call, tag, next = page->next, kept_since = page->kept_since](
                            json::array entries, const delivery::DeliveryCounts&) {
      std::string whole_tag = tag_with_rollouts(tag, entries);
      json::object body{{"items", std::move(entries)}};
      if (next != 0) body["next"] = next;
      if (!kept_since.is_null()) body["kept_since"] = kept_since;
      call->answer({.body = std::move(body), .etag = std::move(whole_tag)});
    };
    auto* const rollouts = call->api().options().rollouts;
    const auto kind = domain::parse_kind(call->request().query.value("entity_type"));
    const bool of_system = kind && domain::kInstallationKinds.contains(*kind);
    if (rollouts == nullptr || of_system) return answer(std::move(page->entries), {});
    rollouts->add_to(std::move(page->entries), call->who().environment, answer);
  });
}

// Answers with the entry of the new change.
void undo_activity(const CallPtr& call) {
  const auto revision = undone_revision(*call);
  if (!revision) return call->refuse(revision.error());
  const auto body = call->optional_body();
  if (!body) return call->refuse(body.error());
  if (auto ok = domain::FieldReader(*body).finish(); !ok) return call->refuse(ok.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().activity().undo(
      call->who(), *revision, *options, [call](Result<service::Undone> undone) {
        call->resume([call, undone = std::move(undone)] {
          if (!undone) return call->refuse(undone.error());
          call->answer({.body = undone->entry, .revision = undone->revision, .replayed = undone->replayed});
        });
      });
}

}  // namespace togglecast::http_api
