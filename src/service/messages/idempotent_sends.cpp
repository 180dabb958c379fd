#include "service/messages/idempotent_sends.hpp"

#include "domain/schema/fields.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::service {

std::optional<SendDone> IdempotentSends::first(const storage::IdempotencyKey& key,
                                               const std::string& environment, TimePoint now, Answer answer) {
  Result<SendResult> known;
  {
    const std::scoped_lock lock(mutex_);
    forget_before(now - kept_);
    Actor actor{key.actor, environment};
    OfActor& mine = actors_[actor];
    const auto found = mine.by_key.find(key.key);
    if (found == mine.by_key.end()) {
      auto sent = std::make_shared<Sent>(Sent{.key = key.key, .request = key.request, .at = now});
      mine.by_key.emplace(key.key, sent);
      mine.by_age.push_back(sent);
      if (mine.by_age.size() > per_actor_) forget_oldest(mine);
      return [this, actor = std::move(actor), sent = std::move(sent),
              answer = std::move(answer)](const Result<SendResult>& outcome) {
        finish(actor, sent, outcome);
        answer(outcome, false);
      };
    }
    Sent& sent = *found->second;
    if (sent.request != key.request) {
      known = fail(Errc::conflict,
                   "this Idempotency-Key was already used for a different request; use a new key");
    } else if (sent.outcome) {
      known = *sent.outcome;
    } else {
      sent.waiting.push_back(std::move(answer));
      return std::nullopt;
    }
  }
  answer(known, known.has_value());
  return std::nullopt;
}

void IdempotentSends::finish(const Actor& actor, const SentPtr& sent, const Result<SendResult>& outcome) {
  std::vector<Answer> waiting;
  {
    const std::scoped_lock lock(mutex_);
    if (sent->outcome) return;
    waiting.swap(sent->waiting);
    if (outcome) {
      sent->outcome = *outcome;
    } else if (const auto mine = actors_.find(actor); mine != actors_.end()) {
      const auto found = mine->second.by_key.find(sent->key);
      if (found != mine->second.by_key.end() && found->second == sent) mine->second.by_key.erase(found);
      std::erase(mine->second.by_age, sent);  // a failed send takes no place from one that is remembered
    }
  }
  for (const Answer& answer : waiting) answer(outcome, outcome.has_value());
}

void IdempotentSends::forget_before(TimePoint oldest) {
  for (auto mine = actors_.begin(); mine != actors_.end();) {
    auto& by_age = mine->second.by_age;
    while (!by_age.empty() && by_age.front()->at < oldest) forget_oldest(mine->second);
    mine = by_age.empty() ? actors_.erase(mine) : std::next(mine);
  }
}

void IdempotentSends::forget_oldest(OfActor& of_actor) {
  const SentPtr sent = std::move(of_actor.by_age.front());
  of_actor.by_age.pop_front();
  const auto found = of_actor.by_key.find(sent->key);
  if (found != of_actor.by_key.end() && found->second == sent) of_actor.by_key.erase(found);
}

Result<std::string> take_idempotency_key(json::value& request) {
  auto* members = request.if_object();
  const auto* given = members == nullptr ? nullptr : members->if_contains("idempotency_key");
  if (given == nullptr) return std::string();
  const auto* text = given->if_string();
  if (!given->is_null() && (text == nullptr || !is_idempotency_key(*text)))
    return fail_field("/idempotency_key", "must be 1 to 128 visible ASCII characters");
  std::string key(text == nullptr ? std::string_view{} : std::string_view(*text));
  members->erase("idempotency_key");
  return key;
}

}  // namespace togglecast::service
