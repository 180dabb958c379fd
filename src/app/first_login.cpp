#include "app/first_login.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "auth/password.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::app {
namespace {

// Whether this change sets another password for the first owner, or deletes the account.
bool ends_first_login(const changes::Commit& commit) {
  for (const domain::Op& op : commit.row.change.ops) {
    if (op.entity != domain::Kind::admin || op.before.is_null()) continue;
    if (domain::unique_key_of(op.entity, op.before) != service::kFirstOwner) continue;
    const json::value* was = json::find(op.before, "password_changed_at");
    const json::value* is = json::find(op.after, "password_changed_at");
    if (is == nullptr || was == nullptr || *is != *was) return true;
  }
  return false;
}

bool was_changed(const service::Application& application) {
  const auto system = application.model().current(domain::kSystemEnvironment);
  const auto owner = system->find_by_key<domain::AdminUser>(service::kFirstOwner);
  return owner == nullptr || owner->password_changed_at > owner->created_at;
}

}  // namespace

Result<Secret> FirstLogin::choose(const char* variable) {
  disclosure_ = Disclosure::none;  // of an attempt before this one, which made no account
  if (variable != nullptr && *variable != '\0') {
    const Secret password{std::string(variable)};
    if (auto ok = auth::check_new_password(password); !ok) {
      return fail(ok.error().code, "TOGGLECAST_OWNER_PASSWORD cannot be the owner's password: it " +
                                       ok.error().details.front().reason);
    }
    by_variable_ = true;
    password_ = password;
    return password;
  }
  by_variable_ = false;
  password_ = auth::random_password(random_);
  return password_;
}

Result<void> FirstLogin::disclose() {
  if (disclosure_ != Disclosure::none) return {};
  if (by_variable_) {
    disclosure_ = Disclosure::by_variable;
  } else if (on_terminal_) {
    disclosure_ = Disclosure::on_terminal;
    std::printf("First start: the account '%s' gets the password %s\n",
                std::string(service::kFirstOwner).c_str(), password_.reveal().c_str());
    std::fflush(stdout);
  } else {
    if (auto written = write_file(password_); !written) return written;
    disclosure_ = Disclosure::in_file;
  }
  return {};
}

Result<void> FirstLogin::write_file(const Secret& password) const {
  const auto cannot = [this] {
    return fail(Errc::unavailable,
                "cannot write the first password to " + path_.string() + ": " + std::strerror(errno));
  };
  remove();  // a first start may have written it and then crashed before it made the account
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return cannot();
  const Secret text("username: " + std::string(service::kFirstOwner) + "\npassword: " + password.reveal() +
                    '\n');
  const auto size = static_cast<ssize_t>(text.reveal().size());
  const bool written =
      ::write(file, text.reveal().data(), text.reveal().size()) == size && ::fsync(file) == 0;
  const auto failed = cannot();
  ::close(file);
  if (!written) return failed;
  return {};
}

changes::ChangeFeed::Subscription FirstLogin::watch(service::Application& application) const {
  auto subscription = application.feed().subscribe([this](const changes::CommitPtr& commit) {
    if (!ends_first_login(*commit)) return;
    remove();
    remove_kept();
  });
  if (was_changed(application)) remove();
  return subscription;
}

void FirstLogin::remove() const { ::unlink(path_.c_str()); }

void FirstLogin::remove_kept() const { ::unlink(kept_.c_str()); }

bool FirstLogin::file_exists() const { return ::access(path_.c_str(), F_OK) == 0; }

}  // namespace togglecast::app
