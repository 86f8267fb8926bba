//! The page that a browser shows at the end of a login: no script, nothing from elsewhere.

use url::Url;

/// How long the page stays before the browser continues, in seconds: long enough to read three sentences. A faster
/// reader has the link.
pub const LEADS_ON_AFTER: u32 = 10;

/// What the browser shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    status: &'static str,
    sign: Sign,
    title: String,
    paragraphs: Vec<String>,
    /// Where the browser goes by itself, after a while.
    next: Option<NextPage>,
    /// Where the browser goes at once, instead.
    location: Option<Url>,
}

/// Where a page leads.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NextPage {
    url: String,
    link: String,
}

/// The colour of a page, on a light and on a dark background. The words say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Good,
    Bad,
    Neither,
}

impl Page {
    /// The login is stored.
    #[must_use]
    pub fn logged_in(host: &str, username: Option<&str>) -> Self {
        let as_user = as_user(username);
        Self {
            status: "200 OK",
            sign: Sign::Good,
            title: format!("Logged in to {host}{as_user}"),
            paragraphs: vec!["You can close this tab.".to_owned()],
            next: None,
            location: None,
        }
    }

    /// The login is stored, and a second consent follows.
    #[must_use]
    pub fn leads_on(host: &str, username: Option<&str>, next: &Url) -> Self {
        Self {
            title: format!("Step 1 of 2 done: logged in to {host}{}", as_user(username)),
            paragraphs: vec![
                format!(
                    "In {LEADS_ON_AFTER} seconds, {host} asks for your consent again. Step 2 adds a standby \
                     grant. Programs use it while glauth refreshes the first grant, so no token stops \
                     working while it is in use."
                ),
                "You can also close this tab: your login is stored, and works without step 2."
                    .to_owned(),
            ],
            next: Some(NextPage {
                url: next.to_string(),
                link: "Continue to step 2".to_owned(),
            }),
            ..Self::logged_in(host, username)
        }
    }

    /// The login is stored, with two grants.
    #[must_use]
    pub fn with_standby(host: &str, username: Option<&str>) -> Self {
        Self {
            paragraphs: vec![
                "The standby grant is stored too.".to_owned(),
                "You can close this tab.".to_owned(),
            ],
            ..Self::logged_in(host, username)
        }
    }

    /// The login is stored with one grant, and why.
    #[must_use]
    pub fn without_standby(host: &str, username: Option<&str>, why: &str) -> Self {
        Self {
            paragraphs: vec![
                format!("There is no standby grant: {why}."),
                "You can close this tab. The terminal says how to add one later.".to_owned(),
            ],
            ..Self::logged_in(host, username)
        }
    }

    /// The login failed, and why.
    #[must_use]
    pub fn failed(host: &str, why: &str) -> Self {
        Self {
            // The request itself succeeded: the browser delivered the answer.
            status: "200 OK",
            sign: Sign::Bad,
            title: format!("Not logged in to {host}"),
            paragraphs: vec![
                sentence(why),
                "You can close this tab. The terminal says what to do next.".to_owned(),
            ],
            next: None,
            location: None,
        }
    }

    /// The browser continues at once.
    #[must_use]
    pub fn redirect(page: &Url) -> Self {
        Self {
            status: "302 Found",
            title: "Redirecting to the server".to_owned(),
            paragraphs: vec!["Your browser continues by itself.".to_owned()],
            location: Some(page.clone()),
            ..Self::not_here()
        }
    }

    /// The browser was redirected before, and requests the same address again.
    #[must_use]
    pub fn led_on_before() -> Self {
        Self {
            status: "410 Gone",
            title: "This address works only once".to_owned(),
            paragraphs: vec![
                "Open the address that the terminal shows. If you have not opened this one before, \
                 start the login again."
                    .to_owned(),
            ],
            ..Self::not_here()
        }
    }

    /// A request that the login does not wait for.
    #[must_use]
    pub fn not_here() -> Self {
        Self {
            status: "404 Not Found",
            sign: Sign::Neither,
            title: "Nothing here".to_owned(),
            paragraphs: vec!["The login is waiting for something else.".to_owned()],
            next: None,
            location: None,
        }
    }

    /// The complete HTTP response.
    pub(super) fn to_http(&self) -> String {
        let body = self.to_html();
        let location = self.location.as_ref();
        let location = location.map_or_else(String::new, |url| format!("Location: {url}\r\n"));
        format!(
            "HTTP/1.1 {}\r\n{location}\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n\
             Referrer-Policy: no-referrer\r\n\
             X-Content-Type-Options: nosniff\r\n\
             Cache-Control: no-store\r\n\
             Connection: close\r\n\r\n{body}",
            self.status,
            body.len(),
        )
    }

    fn to_html(&self) -> String {
        let (light, dark) = match self.sign {
            Sign::Good => ("#1f7a3d", "#58c27d"),
            Sign::Bad => ("#b3261e", "#f2857b"),
            Sign::Neither => ("#8a8a92", "#8a8a92"),
        };
        let mut paragraphs: Vec<String> = self
            .paragraphs
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let last = index + 1 == self.paragraphs.len();
                let class = if last { " class=\"soft\"" } else { "" };
                format!("<p{class}>{}</p>", escaped(text))
            })
            .collect();
        let mut refresh = String::new();
        if let Some(NextPage { url, link }) = &self.next {
            let (url, link) = (escaped(url), escaped(link));
            refresh =
                format!("\n<meta http-equiv=\"refresh\" content=\"{LEADS_ON_AFTER}; url={url}\">");
            let before_last = paragraphs.len() - 1;
            paragraphs.insert(before_last, format!("<p><a href=\"{url}\">{link}</a></p>"));
        }
        include_str!("page.html")
            .replace("{refresh}", &refresh)
            .replace("{light}", light)
            .replace("{dark}", dark)
            .replace("{title}", &escaped(&self.title))
            .replace("{paragraphs}", &paragraphs.join("\n"))
    }
}

/// Makes a sentence of an error message, which begins in lower case and has no full stop.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).chain(['.']).collect()
}

/// The user, as the end of a title.
fn as_user(username: Option<&str>) -> String {
    username.map_or_else(String::new, |name| format!(" as {name}"))
}

/// A server's words as text, never as markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // The template uses braces for its placeholders.
            '{' => escaped.push_str("&#123;"),
            '}' => escaped.push_str("&#125;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_text_and_nothing_else() {
        let page = Page::failed("a.example", "<script>alert('1')</script> & {title} \"x\"");
        let html = page.to_html();
        assert!(!html.contains("<script"), "{html}");
        assert!(
            html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &#123;title&#125; &quot;x&quot;"),
            "{html}"
        );
        assert!(
            Page::failed("a", "it is so")
                .to_html()
                .contains("<p>It is so.</p>")
        );
        let name = Page::logged_in("a.example", Some("{paragraphs}<b>")).to_html();
        assert!(
            name.contains("as &#123;paragraphs&#125;&lt;b&gt;"),
            "{name}"
        );
    }

    #[test]
    fn a_page_needs_nothing_from_elsewhere_and_says_what_to_do() {
        for page in [
            Page::logged_in("a.example", None),
            Page::with_standby("a.example", None),
            Page::without_standby("a.example", None, "access was denied"),
            Page::failed("a.example", "access was denied"),
            Page::not_here(),
        ] {
            let http = page.to_http();
            let (head, body) = http.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("default-src 'none'"), "{head}");
            assert!(head.contains("Cache-Control: no-store"), "{head}");
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
            for foreign in [
                "http:", "https:", "src=", "href=", "<script", "@import", "url(",
            ] {
                assert!(!body.contains(foreign), "{foreign} in {body}");
            }
            assert!(body.contains("<html lang=\"en\">") && body.contains("<title>"));
            assert_eq!(body.matches("<h1>").count(), 1);
        }
        let done = Page::logged_in("a.example", None).to_html();
        assert!(done.contains("You can close this tab."), "{done}");
    }

    #[test]
    fn a_page_that_leads_on_does_so_by_itself_and_has_a_link() {
        let next = Url::parse("https://a.example/x?a=1&b=%22'{c}").unwrap();
        let html = Page::leads_on("a.example", Some("jane"), &next).to_html();
        let url = "https://a.example/x?a=1&amp;b=%22%27&#123;c&#125;";
        let refresh = format!("<meta http-equiv=\"refresh\" content=\"10; url={url}\">");
        assert!(html.contains(&refresh), "{html}");
        assert!(html.contains(&format!("<a href=\"{url}\">")), "{html}");
        assert!(!html.contains("<script"), "{html}");
        assert!(!Page::logged_in("a", None).to_html().contains("refresh"));
    }
}
