// API keys of machines.
#include "http_api/handlers/entities.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {

namespace {

using Known = service::LastUse::Known;

// `then` runs on the thread of the store's reader. The last use is no revision, so answers that have it carry
// no tag.
void with_last_use(const CallPtr& call, std::function<void(const Known& known)> then) {
  const bool reading = call->application().reader().submit([call, then](storage::Reader& reader) {
    const auto known = call->application().last_use().read(reader);
    if (!known) return call->refuse(known.error());
    then(*known);
  });
  if (!reading) call->refuse(changes::busy("too many requests are reading the store; try again").value());
}

json::object described(const domain::ApiKey& key, std::int64_t epoch, const Known& known) {
  json::object body = domain::with_etag(to_json(key), epoch).as_object();
  const auto used = known.find({domain::Kind::api_key, key.id});
  const bool never = used == known.end() || used->second.used_at == UnixMillis{};
  body["last_used_at"] = never ? json::value(nullptr) : json::value(to_iso8601(used->second.used_at));
  return body;
}

}  // namespace

void list_api_keys(const CallPtr& call) {
  const auto query = call->page_query({});
  if (!query) return call->refuse(query.error());
  with_last_use(call, [call, query = *query](const Known& known) {
    const auto page = call->application().api_keys().list(call->who(), query);
    if (!page) return call->refuse(page.error());
    json::array items;
    for (const auto& key : page->items) items.push_back(described(*key, page->snapshot->head().epoch, known));
    json::object body{{"items", std::move(items)}, {"total", page->total}};
    if (!page->next_cursor.empty()) body["next_cursor"] = page->next_cursor;
    call->answer({.body = std::move(body)});
  });
}

// Only this answer shows the key itself.
void create_api_key(const CallPtr& call) {
  const auto body = call->body();
  if (!body) return call->refuse(body.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().api_keys().create(
      call->who(), *body, *options, [call](Result<service::MadeApiKey> made) {
        call->resume([call, made = std::move(made)] {
          if (!made) return call->refuse(made.error());
          Answer answer = with_entity(
              {.status = 201,
               .location = "/api/v1/api-keys/" + json::serialize(*json::find(made->record, "id"))},
              made->record, made->epoch);
          answer.body->as_object()["key"] = made->key.reveal();
          call->answer(answer);
        });
      });
}

void read_api_key(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto key = call->application().api_keys().find(call->who(), *id);
  if (!key) return call->refuse(key.error());
  with_last_use(call, [call, key = *key](const Known& known) {
    call->answer({.body = described(*key, epoch_of(*call, domain::Kind::api_key), known)});
  });
}

void update_api_key(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  auto body = call->body();
  if (!body) return call->refuse(body.error());
  body->as_object().erase("last_used_at");  // as a GET answered it
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().api_keys().update(call->who(), *id, *body, *options,
                                        changed(call, {domain::Kind::api_key, *id}));
}

void delete_api_key(const CallPtr& call) {
  const auto id = call->id("id");
  if (!id) return call->refuse(id.error());
  const auto options = call->write_options();
  if (!options) return call->refuse(options.error());
  call->application().api_keys().remove(call->who(), *id, *options,
                                        removed(call, {domain::Kind::api_key, *id}));
}

}  // namespace togglecast::http_api
