//! Restricted tokens, for machines where no app container can be made.
//!
//! Whatever a process with one opens is asked for twice: once for the user, without the groups that give more than everybody
//! has, and once for a list of identities: the sandbox's own, and those of everybody. What the user alone may read can so be
//! read only where the sandbox was granted it. Low integrity keeps it from changing what everybody may change, and from
//! the processes outside. It has the user's network.

use std::{
    ffi::c_void,
    io, mem,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
};

use windows_sys::Win32::{
    Foundation::{GENERIC_ALL, HANDLE, LocalFree},
    Security::{
        ACL,
        Authorization::{EXPLICIT_ACCESS_W, GRANT_ACCESS, SetEntriesInAclW},
        CreateRestrictedToken, DISABLE_MAX_PRIVILEGE, EqualSid, GetTokenInformation, IsTokenRestricted, PSID,
        SID_AND_ATTRIBUTES, SetTokenInformation, TOKEN_ADJUST_DEFAULT, TOKEN_ASSIGN_PRIMARY, TOKEN_DEFAULT_DACL,
        TOKEN_DUPLICATE, TOKEN_GROUPS, TOKEN_INFORMATION_CLASS, TOKEN_MANDATORY_LABEL, TOKEN_QUERY, TOKEN_USER,
        TokenDefaultDacl, TokenGroups, TokenIntegrityLevel, TokenUser, WinBuiltinUsersSid, WinInteractiveSid,
        WinLocalSystemSid, WinLowLabelSid, WinRestrictedCodeSid, WinWorldSid,
    },
    System::Threading::{GetCurrentProcess, OpenProcessToken},
};

use super::{
    acl::trustee,
    sid::{Sid, WellKnown},
};

/// `SE_GROUP_INTEGRITY`.
const INTEGRITY: u32 = 0x20;
/// `SE_GROUP_LOGON_ID`.
const LOGON: u32 = 0xC000_0000;

/// A token that processes of a sandbox are made with.
#[derive(Debug)]
pub struct RestrictedToken {
    token: OwnedHandle,
    sid: Sid,
}

impl RestrictedToken {
    /// A token for the sandbox of a name.
    pub fn new(name: &str) -> io::Result<Self> {
        let sid = Sid::of_token(name)?;
        let own = own_token()?;
        let groups = Groups::new(&own)?;
        let (users, everybody) = (WellKnown::new(WinBuiltinUsersSid)?, WellKnown::new(WinWorldSid)?);
        let (interactive, restricted) = (WellKnown::new(WinInteractiveSid)?, WellKnown::new(WinRestrictedCodeSid)?);
        let kept = [&users, &everybody, &interactive].map(WellKnown::as_ptr);
        let refused: Vec<_> = groups.but(&kept).map(plain).collect();
        // What the session of a user needs (desktops, names of objects) is granted to the session.
        let identities = [sid.as_ptr(), users.as_ptr(), everybody.as_ptr(), restricted.as_ptr()];
        let identities: Vec<_> = identities.into_iter().chain(groups.logon()).map(plain).collect();
        let (refused_count, identity_count) = (length(&refused)?, length(&identities)?);
        let mut token: HANDLE = ptr::null_mut();
        // SAFETY: the lists have the lengths that are given, their identities live until after the call, and the token has a place.
        let done = unsafe {
            CreateRestrictedToken(
                own.as_raw_handle(),
                DISABLE_MAX_PRIVILEGE,
                refused_count,
                refused.as_ptr(),
                0,
                ptr::null(),
                identity_count,
                identities.as_ptr(),
                &raw mut token,
            )
        };
        check(done)?;
        // SAFETY: the handle is open and nobody else's.
        let token = unsafe { OwnedHandle::from_raw_handle(token) };
        lower(&token)?;
        open_own_objects(&token, &sid)?;
        if !is_held(&token)? {
            // Wine, for one, takes all of this and does none of it.
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the system didn't restrict the token"));
        }
        Ok(Self { token, sid })
    }

    /// The identity that a sandbox is granted things by.
    pub fn sid(&self) -> &Sid {
        &self.sid
    }

    /// For the call that makes a process.
    pub fn handle(&self) -> HANDLE {
        self.token.as_raw_handle()
    }
}

fn own_token() -> io::Result<OwnedHandle> {
    let mut token: HANDLE = ptr::null_mut();
    let access = TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT;
    // SAFETY: the handle is this process's, and the token has a place.
    check(unsafe { OpenProcessToken(GetCurrentProcess(), access, &raw mut token) })?;
    // SAFETY: the handle is open and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

/// The groups of a token.
struct Groups(Vec<usize>);

impl Groups {
    fn new(token: &OwnedHandle) -> io::Result<Self> {
        information(token, TokenGroups).map(Self)
    }

    fn list(&self) -> &[SID_AND_ATTRIBUTES] {
        let groups: *const TOKEN_GROUPS = self.0.as_ptr().cast();
        // SAFETY: the system filled it, with as many groups as it says.
        unsafe { std::slice::from_raw_parts((&raw const (*groups).Groups).cast(), (*groups).GroupCount as usize) }
    }

    /// All but some, the session and the integrity level.
    fn but<'a>(&'a self, kept: &'a [PSID]) -> impl Iterator<Item = PSID> + 'a {
        let groups =
            self.list().iter().filter(|group| group.Attributes & INTEGRITY == 0 && group.Attributes & LOGON != LOGON);
        // SAFETY: both are identities that live.
        groups.map(|group| group.Sid).filter(|&sid| !kept.iter().any(|&kept| unsafe { EqualSid(sid, kept) != 0 }))
    }

    /// The session, if it is one that a user has logged on to.
    fn logon(&self) -> Option<PSID> {
        self.list().iter().find(|group| group.Attributes & LOGON == LOGON).map(|group| group.Sid)
    }
}

/// Gives a token low integrity.
fn lower(token: &OwnedHandle) -> io::Result<()> {
    let low = WellKnown::new(WinLowLabelSid)?;
    let label = TOKEN_MANDATORY_LABEL { Label: SID_AND_ATTRIBUTES { Sid: low.as_ptr(), Attributes: INTEGRITY } };
    set(token, TokenIntegrityLevel, &label)
}

/// Whether a token is what was asked for.
fn is_held(token: &OwnedHandle) -> io::Result<bool> {
    // SAFETY: the handle is a token's.
    let is_restricted = unsafe { IsTokenRestricted(token.as_raw_handle()) } != 0;
    let label = information(token, TokenIntegrityLevel)?;
    let label: *const TOKEN_MANDATORY_LABEL = label.as_ptr().cast();
    let low = WellKnown::new(WinLowLabelSid)?;
    // SAFETY: the system filled it, and both are identities that live.
    let is_low = unsafe { EqualSid((*label).Label.Sid, low.as_ptr()) } != 0;
    Ok(is_restricted && is_low)
}

/// What a process makes without saying who may open it, such as a pipe between two of them, the runs of its sandbox can open.
fn open_own_objects(token: &OwnedHandle, sid: &Sid) -> io::Result<()> {
    let user = information(token, TokenUser)?;
    let user: *const TOKEN_USER = user.as_ptr().cast();
    let system = WellKnown::new(WinLocalSystemSid)?;
    // SAFETY: the system filled it.
    let user = unsafe { (*user).User.Sid };
    let entries = [user, system.as_ptr(), sid.as_ptr()].map(|sid| EXPLICIT_ACCESS_W {
        grfAccessPermissions: GENERIC_ALL,
        grfAccessMode: GRANT_ACCESS,
        grfInheritance: 0,
        Trustee: trustee(sid),
    });
    let mut list: *mut ACL = ptr::null_mut();
    // SAFETY: three entries, whose identities live until after the call, and a place for the list.
    let error = unsafe { SetEntriesInAclW(3, entries.as_ptr(), ptr::null(), &raw mut list) };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error.cast_signed()));
    }
    let done = set(token, TokenDefaultDacl, &TOKEN_DEFAULT_DACL { DefaultDacl: list });
    // SAFETY: the system made it, and nobody has it any more.
    unsafe { LocalFree(list.cast()) };
    done
}

/// Memory of the alignment that its pointers need.
fn information(token: &OwnedHandle, class: TOKEN_INFORMATION_CLASS) -> io::Result<Vec<usize>> {
    let mut size = 0;
    // SAFETY: without memory it only says how much it needs.
    unsafe { GetTokenInformation(token.as_raw_handle(), class, ptr::null_mut(), 0, &raw mut size) };
    let mut memory = vec![0_usize; (size as usize).div_ceil(mem::size_of::<usize>())];
    // SAFETY: the memory has at least the size that is given.
    let done =
        unsafe { GetTokenInformation(token.as_raw_handle(), class, memory.as_mut_ptr().cast(), size, &raw mut size) };
    check(done).map(|()| memory)
}

fn set<T>(token: &OwnedHandle, class: TOKEN_INFORMATION_CLASS, value: &T) -> io::Result<()> {
    let size = u32::try_from(mem::size_of_val(value)).unwrap_or(0);
    // SAFETY: the callers above give the class's type, and its size is given.
    check(unsafe { SetTokenInformation(token.as_raw_handle(), class, (&raw const *value).cast::<c_void>(), size) })
}

fn plain(sid: PSID) -> SID_AND_ATTRIBUTES {
    SID_AND_ATTRIBUTES { Sid: sid, Attributes: 0 }
}

fn length(list: &[SID_AND_ATTRIBUTES]) -> io::Result<u32> {
    u32::try_from(list.len()).map_err(io::Error::other)
}

fn check(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Security::{EqualSid, TokenRestrictedSids};

    use super::{Groups, RestrictedToken, information};
    use crate::sandbox::windows::names;

    #[test]
    fn a_token_is_restricted_to_the_sandbox_and_to_everybody() {
        let token = RestrictedToken::new(&names::new()).unwrap();
        let identities = Groups(information(&token.token, TokenRestrictedSids).unwrap());
        // SAFETY: both are identities that live.
        let is_own = |sid| unsafe { EqualSid(sid, token.sid().as_ptr()) != 0 };
        assert!((4..=5).contains(&identities.list().len()));
        assert_eq!(identities.list().iter().filter(|identity| is_own(identity.Sid)).count(), 1);
    }
}
