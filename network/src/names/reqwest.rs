//! For clients of `reqwest`: `Client::builder().dns_resolver(Names::default())`.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            // A port of 0 stands for that of the URL.
            let found = names.addresses(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
